package io.adapt4j.verification.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The part of fuzzing that fits into a build: seeds, inputs that once broke something, and some
 * thousand random damages. {@link LongFuzz} is the long part.
 */
class FuzzTest {

  private static final int DAMAGES = Integer.getInteger("adapt4j.fuzz.damages", 40);
  private static final String NAMES = System.getProperty("adapt4j.fuzz.targets", ".*");
  private static final Path KEPT = Path.of("src/test/resources/fuzz");

  static List<FuzzTarget> targets() {
    return FuzzTargets.all().stream().filter(target -> target.name().matches(NAMES)).toList();
  }

  @Test
  void namesAreUnique() {
    assertThat(FuzzTargets.all()).extracting(FuzzTarget::name).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("targets")
  void seedsAreRead(FuzzTarget target) {
    for (byte[] seed : target.seeds()) {
      assertThatCode(() -> target.reading().read(seed)).doesNotThrowAnyException();
    }
  }

  @ParameterizedTest
  @MethodSource("targets")
  void whatOnceBrokeAReaderIsAnswered(FuzzTarget target) throws IOException {
    Path folder = KEPT.resolve(target.name());
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.sorted().toList()) {
          target.check(Files.readAllBytes(file));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("targets")
  void damagedInputsAreReadOrRefused(FuzzTarget target) {
    List<byte[]> seeds = target.seeds();
    Mutations mutations = new Mutations(1);
    for (int i = 0; i < DAMAGES; i++) {
      byte[] input = mutations.next(seeds);
      try {
        target.check(input);
      } catch (Throwable e) {
        throw new AssertionError(
            "input " + i + " of " + target + ": " + HexFormat.of().formatHex(input), e);
      }
    }
  }
}
