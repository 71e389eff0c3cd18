import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ApiError, sentences } from "./errors";

const source = new URL("../../frontdesk/errors.py", import.meta.url);

describe("error sentences", () => {
  it("cover every code of the front desk", () => {
    const codes = [...readFileSync(source, "utf8").matchAll(/^ +code, status = "([a-z_]+)"/gm)].map((match) => match[1] ?? "");
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => !(code in sentences))).toEqual([]);
  });

  it("show our sentence for a known code, the server's for a newer one", () => {
    expect(new ApiError("rate_limited", 429, "autre").message).toBe(sentences.rate_limited);
    expect(new ApiError("brand_new", 409, "Une phrase du serveur.").message).toBe("Une phrase du serveur.");
    expect(new ApiError("brand_new", 409).message).toBe(sentences.bad_answer);
    expect(new ApiError("constructor", 409, "Une phrase.").message).toBe("Une phrase.");
  });

  it("knows what may pass by itself", () => {
    expect([0, 408, 429, 500, 503].map((status) => new ApiError("internal", status).passing)).toEqual(Array(5).fill(true));
    expect([400, 401, 404, 409, 413, 422].map((status) => new ApiError("internal", status).passing)).toEqual(
      Array(6).fill(false),
    );
  });
});
