package io.adapt4j.benchmarks.suite;

import java.time.Instant;
import java.util.List;

/** Runs as they are stored. */
final class ExampleRuns {

  static final Instant FIRST = Instant.parse("2026-11-20T08:00:00Z");
  static final Environment MACHINE =
      new Environment(
          "AMD EPYC",
          2,
          23,
          List.of("avx2", "avx512_bf16", "avx512f", "fma"),
          "Linux amd64",
          "PASSIVE");
  static final Versions VERSIONS = new Versions("0.1.0", "2.7.1", "0.36.0", "17.0.21 (Vendor)");
  static final Commit COMMIT = new Commit("0123456789abcdef0123456789abcdef01234567", false);

  private ExampleRuns() {}

  static Run run(int day, Figure... figures) {
    return run(day, MACHINE, Profile.QUICK, "", figures);
  }

  static Run run(int day, Environment machine, Profile profile, String only, Figure... figures) {
    Result measured = Result.measured("DecodeBenchmark", "--tokens 64", List.of(figures));
    return new Run(
        FIRST.plusSeconds(86_400L * day),
        profile,
        only,
        412.5,
        COMMIT,
        machine,
        VERSIONS,
        List.of(measured));
  }

  static Environment otherMachine() {
    return new Environment(
        "Intel Xeon", 2, 23, List.of("amx_bf16", "avx512f"), "Linux amd64", "PASSIVE");
  }

  static Figure speed(double value, double error) {
    return Figure.larger("speed", "tokens/s", value).plusMinus(error);
  }
}
