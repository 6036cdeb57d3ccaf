import { describe, expect, it } from "vitest";
import type { Failure } from "../../src/api/types";
import { failureMessage, failureType } from "../../src/model/failure";

describe("a failure", () => {
  it("says what it is", () => {
    const failure = { type: "RateLimitError", message: "slow down" };
    expect(failureType(failure)).toBe("RateLimitError");
    expect(failureMessage(failure)).toBe("slow down");
  });
  it("says how much of it is hidden", () => {
    expect(failureMessage({ message: { hidden_bytes: 2048 } })).toBe("(message of 2 KB hidden)");
  });
  it("may be nothing, or anything", () => {
    expect([failureType(undefined), failureMessage(undefined)]).toEqual(["", ""]);
    expect([failureType({ type: 5 } as unknown as Failure), failureMessage({ message: [1] } as unknown as Failure)]).toEqual(["", ""]);
  });
});
