package io.adapt4j.verification.kill;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of {@link KillAnywhere} that fits into a build. */
class KillAnywhereTest {

  private static final int KILLS = Integer.getInteger("adapt4j.kills", 2);

  @ParameterizedTest
  @ValueSource(strings = {"nextTokens-qlora", "complete"})
  void aCommandThatIsKilledAndRepeatedEndsWithTheSameFiles(String name, @TempDir Path folder)
      throws Exception {
    Scenario scenario =
        Scenarios.all().stream()
            .filter(known -> known.name().equals(name))
            .findFirst()
            .orElseThrow();
    assertThat(new KillAnywhere(folder, System.nanoTime()).check(scenario, KILLS).kills())
        .isEqualTo(KILLS);
  }
}
