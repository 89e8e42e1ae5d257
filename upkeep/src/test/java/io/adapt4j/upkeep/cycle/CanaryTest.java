package io.adapt4j.upkeep.cycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Assignment of customers to versions. */
class CanaryTest {

  private static final List<String> KEYS =
      IntStream.range(0, 10_000).mapToObj(i -> "customer " + i).toList();

  private static final Change CHANGE = Change.by("anna", "").allowingNoExam();

  @TempDir Path temp;

  private Registry registry;
  private ModelVersion production;
  private ModelVersion challenger;

  @BeforeEach
  void open() throws Exception {
    registry = Registry.open(temp.resolve("registry"));
    production = registry.add(NewVersion.of("m", ScriptedVersion.write(temp.resolve("a"), "a")));
    challenger = registry.add(NewVersion.of("m", ScriptedVersion.write(temp.resolve("b"), "b")));
    registry.promote(production, CHANGE);
  }

  private Set<String> challenged(double share) {
    Canary canary = Canary.of(registry, "m", share);
    return KEYS.stream()
        .filter(key -> canary.version(key).equals(challenger))
        .collect(Collectors.toSet());
  }

  @Test
  void aShareOfTheKeysGetsTheChallengerAndKeepsItWhenTheShareGrows() {
    registry.promote(challenger, Registry.CHALLENGER, CHANGE);

    Set<String> few = challenged(0.05);
    Set<String> more = challenged(0.2);

    assertThat(few).hasSizeBetween(430, 570).isEqualTo(challenged(0.05));
    assertThat(more).hasSizeBetween(1880, 2120).containsAll(few);
    assertThat(challenged(0)).isEmpty();
    assertThat(challenged(1)).hasSameSizeAs(KEYS);
  }

  @Test
  void allKeysGetProductionWithoutAChallenger() {
    assertThat(challenged(0.5)).isEmpty();
    registry.promote(challenger, Registry.CHALLENGER, CHANGE);
    registry.promote(challenger, CHANGE);
    assertThat(Canary.of(registry, "m", 0.5).version("anyone")).isEqualTo(challenger);
  }

  @Test
  void aShareOutsideItsRangeIsNamed() {
    assertThatThrownBy(() -> Canary.of(registry, "m", 2)).hasMessageContaining("share: expected");
  }
}
