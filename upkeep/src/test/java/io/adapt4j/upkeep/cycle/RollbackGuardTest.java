package io.adapt4j.upkeep.cycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.internal.Child;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.HistoryEntry;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rollback of a version whose live scores are worse than those of the version before. */
class RollbackGuardTest {

  private static final double LEVEL = 0.01;
  private static final Change CHANGE = Change.by("anna", "");

  @TempDir Path temp;

  private Registry registry;
  private ModelVersion one;
  private ModelVersion two;
  private RollbackGuard guard;

  @BeforeEach
  void open() throws Exception {
    registry = Registry.open(temp.resolve("registry"));
    one = examined("one");
    two = examined("two");
    registry.promote(one, CHANGE);
    guard = new RollbackGuard(registry, "m", "rating", LEVEL);
  }

  private ModelVersion added(String weights) throws Exception {
    return registry.add(NewVersion.of("m", ScriptedVersion.write(temp.resolve(weights), weights)));
  }

  private ModelVersion examined(String weights) throws Exception {
    ModelVersion version = added(weights);
    registry.addExam(version, ScriptedVersion.examine(version, ScriptedVersion.exam()));
    return version;
  }

  private void promote(ModelVersion version) {
    registry.promote(version, CHANGE);
    guard.update();
  }

  /** Adds scores until a rollback. */
  private Optional<ModelVersion> add(ModelVersion version, double score, int times) {
    Optional<ModelVersion> back = Optional.empty();
    for (int i = 0; i < times && back.isEmpty(); i++) {
      back = guard.add(version.exact(), score);
    }
    return back;
  }

  private ModelVersion production() {
    return registry.resolve("m@production");
  }

  @Test
  void aWorseVersionIsRolledBackAndTheHistorySaysWhy() {
    add(one, 1, 100);
    promote(two);

    assertThat(add(two, 0, 100)).contains(one);

    assertThat(production()).isEqualTo(one);
    HistoryEntry last = registry.history("m").get(2);
    assertThat(last.action()).isEqualTo(HistoryEntry.Action.ROLLBACK);
    assertThat(last.who()).isEqualTo("rollback guard");
    assertThat(last.reason())
        .isEqualTo("rating of m@2 0.0000, of m@1 1.0000, in 11 pairs: worse at level 0.01");
    assertThat(guard.text()).isEqualTo(last.reason());
  }

  @Test
  void theOtherSideOfACanaryIsComparedToo() {
    promote(two);
    assertThat(add(two, 0, 100)).as("nothing to compare with").isEmpty();
    assertThat(add(one, 1, 100)).contains(one);
  }

  @Test
  void itRollsBackOnce() throws Exception {
    promote(two);
    ModelVersion three = examined("three");
    add(two, 1, 100);
    promote(three);
    assertThat(add(three, 0, 100)).contains(two);
    guard.update();
    add(one, 1, 1000);
    assertThat(add(two, 0, 1000)).as("what it returned to stays").isEmpty();

    promote(three);
    add(two, 1, 1000);
    assertThat(add(three, 0, 1000)).as("somebody wants it all the same").isEmpty();
    assertThat(production()).isEqualTo(three);
  }

  @Test
  void twoGuardsDoNotRollBackTwice() throws Exception {
    promote(two);
    ModelVersion three = examined("three");
    RollbackGuard other = new RollbackGuard(registry, "m", "failures", LEVEL);
    add(two, 1, 100);
    for (int i = 0; i < 100; i++) {
      other.add("m@2", 1);
    }
    promote(three);
    other.update();
    assertThat(add(three, 0, 100)).contains(two);

    for (int i = 0; i < 100; i++) {
      assertThat(other.add("m@3", 0)).isEmpty();
    }

    assertThat(other.text()).isEqualTo("production has changed meanwhile");
    assertThat(production()).isEqualTo(two);
  }

  @Test
  void itReturnsOnlyToAVersionWithAnExam() throws Exception {
    ModelVersion three = added("three");
    registry.promote(three, CHANGE.allowingNoExam());
    guard.update();
    add(three, 1, 100);
    promote(two);
    assertThat(add(two, 0, 100)).as("m@3 has no exam").isEmpty();

    assertThat(add(one, 1, 100)).as("m@1 has one, and scores by now").contains(one);
  }

  @Test
  void theFirstVersionStays() {
    assertThat(add(one, 0, 1000)).isEmpty();
    assertThat(guard.text()).isEmpty();
  }

  @Test
  void wrongValuesAreNamed() {
    assertThatThrownBy(() -> guard.add("m@1", 2)).hasMessageContaining("score: expected from 0");
    assertThatThrownBy(() -> guard.add("m@1", Double.NaN)).hasMessageContaining("score");
    assertThatThrownBy(() -> new RollbackGuard(registry, "m", "rating", 0))
        .hasMessageContaining("level: expected");
  }

  private RollbackGuard stored() {
    return new RollbackGuard(registry, "m", "rating", LEVEL, temp.resolve("guards/m.json"));
  }

  /** Returns the observation at which production is rolled back, restarting after each part. */
  private int rolledBackAt(int part) {
    guard = part == 0 ? guard : stored();
    SplittableRandom random = new SplittableRandom(9);
    for (int i = 0; i < 40; i++) {
      guard.add(one.exact(), random.nextDouble() < 0.8 ? 1 : 0.1);
      restart(part, i);
    }
    promote(two);
    for (int i = 0; i < 1000; i++) {
      boolean old = random.nextDouble() < 0.4;
      double score = random.nextDouble() < (old ? 0.8 : 0.3) ? 1 : 0.1;
      if (guard.add(old ? one.exact() : two.exact(), score).isPresent()) {
        return i;
      }
      restart(part, i);
    }
    return -1;
  }

  private void restart(int part, int i) {
    if (part > 0 && i % part == 0) {
      guard.update();
      guard = stored();
    }
  }

  @Test
  void aRestartedGuardRollsBackAtTheSameObservation() throws Exception {
    int at = rolledBackAt(0);
    String text = guard.text();
    assertThat(at).isBetween(20, 200);
    for (int part : new int[] {1, 7, at / 2}) {
      registry = Registry.open(temp.resolve("registry" + part));
      one = examined("one" + part);
      two = examined("two" + part);
      registry.promote(one, CHANGE);
      Files.deleteIfExists(temp.resolve("guards/m.json"));
      assertThat(rolledBackAt(part)).as("restarted after each " + part).isEqualTo(at);
      assertThat(guard.text()).isEqualTo(text);
    }
  }

  @Test
  void aPromotionBetweenTwoStartsIsSeen() {
    guard = stored();
    add(one, 1, 100);
    guard.update();
    registry.promote(two, CHANGE);
    guard = stored();
    assertThat(add(two, 0, 100)).contains(one);
  }

  @Test
  void twoGuardsOfAFileDecideByTheScoresOfBoth() {
    RollbackGuard a = stored();
    RollbackGuard b = stored();
    for (int i = 0; i < 4; i++) {
      a.add(one.exact(), 1);
      b.add(one.exact(), 1);
    }
    a.update();
    b.update();
    registry.promote(two, CHANGE);
    a.update();
    // 8 earlier scores: too few for evidence, which takes 11 pairs.
    for (int i = 0; i < 8; i++) {
      assertThat(a.add(two.exact(), 0)).isEmpty();
    }
    a.update();
    // The second has not seen the promotion yet, and answers as the version before.
    for (int i = 0; i < 3; i++) {
      assertThat(b.add(one.exact(), 1)).isEmpty();
    }
    b.update();
    assertThat(b.text()).isEqualTo("rating of m@2 0.0000, of m@1 1.0000, in 8 pairs");
    for (int i = 0; i < 3; i++) {
      assertThat(production()).isEqualTo(two);
      b.add(two.exact(), 0);
      b.update();
    }
    assertThat(production()).isEqualTo(one);
    a.add(two.exact(), 0);
    a.update();
    assertThat(a.text())
        .isEqualTo(b.text())
        .isEqualTo("rating of m@2 0.0000, of m@1 1.0000, in 11 pairs: worse at level 0.01");
    assertThat(registry.history("m")).hasSize(3);
    assertThat(stored().text()).isEqualTo(a.text());
  }

  @Test
  void twoGuardsOfAFileRollBackOnce() throws Exception {
    promote(two);
    ModelVersion three = examined("three");
    RollbackGuard a = stored();
    RollbackGuard b = stored();
    for (int i = 0; i < 100; i++) {
      a.add(two.exact(), 1);
    }
    a.update();
    promote(three);
    b.update();
    assertThat(b.add(two.exact(), 1)).isEmpty();
    Optional<ModelVersion> back = Optional.empty();
    for (int i = 0; i < 100 && back.isEmpty(); i++) {
      back = b.add(three.exact(), 0);
    }
    assertThat(back).contains(two);
    for (int i = 0; i < 100; i++) {
      assertThat(a.add(three.exact(), 0)).isEmpty();
      a.update();
    }
    assertThat(production()).isEqualTo(two);
    assertThat(registry.history("m")).filteredOn(this::isRollback).hasSize(1);
  }

  private boolean isRollback(HistoryEntry entry) {
    return entry.action() == HistoryEntry.Action.ROLLBACK;
  }

  /** Adds scores of the promoted version and of the one before. */
  static final class Scoring {

    private Scoring() {}

    public static void main(String[] arguments) throws Exception {
      Registry registry = Registry.open(Path.of(arguments[0]));
      RollbackGuard guard =
          new RollbackGuard(registry, "m", "rating", LEVEL, Path.of(arguments[1]));
      System.out.println("ready");
      System.in.read();
      int back = 0;
      for (int i = 0; i < 100; i++) {
        back += guard.add("m@2", 0.5).isPresent() ? 1 : 0;
        back += guard.add("m@1", 0.5).isPresent() ? 1 : 0;
        guard.update();
      }
      System.out.println("equal " + back);
      System.in.read();
      for (int i = 0; i < 100; i++) {
        back += guard.add("m@2", 0).isPresent() ? 1 : 0;
        back += guard.add("m@1", 1).isPresent() ? 1 : 0;
      }
      guard.update();
      System.out.println("back " + back);
    }
  }

  @Test
  void guardsOfTwoProcessesLoseNoScoreAndRollBackOnce() throws Exception {
    promote(two);
    guard = stored();
    Path file = temp.resolve("guards/m.json");
    try (Child a = new Child(Scoring.class, temp.resolve("registry"), file);
        Child b = new Child(Scoring.class, temp.resolve("registry"), file)) {
      assertThat(a.line()).isEqualTo("ready");
      assertThat(b.line()).isEqualTo("ready");
      a.go();
      b.go();
      assertThat(a.line()).isEqualTo("equal 0");
      assertThat(b.line()).isEqualTo("equal 0");
      assertThat(stored().text()).isEqualTo("rating of m@2 0.5000, of m@1 0.5000, in 200 pairs");
      a.go();
      b.go();
      List<String> results = List.of(a.line(), b.line());
      assertThat(results).containsExactlyInAnyOrder("back 0", "back 1");
    }
    assertThat(registry.history("m")).filteredOn(this::isRollback).hasSize(1);
    assertThat(production()).isEqualTo(one);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{\"changes\": 1, \"scores\": [7]}",
        "{}",
        "{\"changes\": 1, \"live\": \"m@9\"}"
      })
  void aDamagedFileIsStartedOver(String content) throws Exception {
    guard = stored();
    Files.writeString(temp.resolve("guards/m.json"), content);
    guard = stored();
    add(one, 1, 100);
    promote(two);
    assertThat(add(two, 0, 100)).contains(one);
    guard.update();
    assertThat(stored().text()).startsWith("rating of m@2");
  }

  @Test
  void anotherGuardsFileIsRefused() {
    guard = stored();
    Path file = temp.resolve("guards/m.json");
    assertThatThrownBy(() -> new RollbackGuard(registry, "m", "failures", LEVEL, file))
        .hasMessage(
            file
                + ": figure: expected 'failures', found 'rating'. Give each guard a file of its"
                + " own.");
  }

  @Test
  void aFileThatCannotBeWrittenLeavesTheScoresInMemory() throws Exception {
    Files.createDirectories(temp.resolve("guards/m.json"));
    guard = stored();
    add(one, 1, 100);
    promote(two);
    assertThat(add(two, 0, 100)).contains(one);
  }

  /** Returns the pairs until evidence of a level, or the most. */
  private static int pairs(SplittableRandom random, double now, double before, double level) {
    Evidence evidence = new Evidence();
    for (int i = 1; i <= 2000; i++) {
      int score = random.nextDouble() < now ? 1 : 0;
      evidence.add(score - (random.nextDouble() < before ? 1 : 0));
      if (evidence.reaches(level)) {
        return i;
      }
    }
    return Integer.MAX_VALUE;
  }

  @Test
  void equalVersionsAreRarelyRolledBackHoweverOftenOneLooks() {
    SplittableRandom random = new SplittableRandom(7);
    for (double share : new double[] {0.02, 0.5, 0.98}) {
      int wrong = 0;
      for (int run = 0; run < 2000; run++) {
        wrong += pairs(random, share, share, 0.05) < Integer.MAX_VALUE ? 1 : 0;
      }
      // 5 % of 2,000, and three standard errors.
      assertThat(wrong).as("share " + share).isLessThan(130);
    }
  }

  @Test
  void worseVersionsAreFoundSoon() {
    SplittableRandom random = new SplittableRandom(8);
    int[] small = new int[500];
    int[] large = new int[500];
    for (int run = 0; run < 500; run++) {
      small[run] = pairs(random, 0.6, 0.8, LEVEL);
      large[run] = pairs(random, 0.2, 0.9, LEVEL);
    }
    Arrays.sort(small);
    Arrays.sort(large);
    assertThat(small[250]).isLessThan(200);
    assertThat(small[475]).isLessThan(400);
    assertThat(large[475]).isLessThan(40);
    System.out.println("median " + small[250] + " and " + large[250] + " pairs");
  }
}
