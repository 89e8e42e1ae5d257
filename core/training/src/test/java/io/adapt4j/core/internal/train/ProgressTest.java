package io.adapt4j.core.internal.train;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** How far a run has come, as it is stored. */
class ProgressTest {

  private static final Optional<EarlyStopping> RULES =
      Optional.of(new EarlyStopping(3, 0.01, 0.1 + 0.2, 2));

  private static final Progress FULL =
      new Progress(
          12,
          11,
          1,
          6.25,
          RecentLosses.NONE.with(0.1, 3).with(Double.NaN, 2),
          OptionalDouble.of(6.1),
          Map.of("accuracy", 0.4),
          OptionalDouble.of(Double.NEGATIVE_INFINITY),
          OptionalInt.of(4),
          Map.of("accuracy", 1e-300),
          RULES,
          8);

  private static final Progress EMPTY =
      new Progress(
          0,
          0,
          0,
          0,
          RecentLosses.NONE,
          OptionalDouble.empty(),
          Map.of(),
          OptionalDouble.empty(),
          OptionalInt.empty(),
          Map.of(),
          Optional.empty(),
          -1);

  @Test
  void everyBitIsReadAsItWasWritten() {
    assertThat(Progress.of(FULL.toJson(), false, RULES)).isEqualTo(FULL);
    assertThat(Progress.of(EMPTY.toJson(), false, Optional.empty())).isEqualTo(EMPTY);
  }

  @Test
  void whatOlderVersionsLeftOutIsNothing() {
    ObjectNode sparse = EMPTY.toJson();
    sparse.remove(
        List.of(
            "initialValidation", "bestValidation", "bestStep", "initialMetrics", "bestMetrics"));
    assertThat(Progress.of(sparse, true, Optional.empty())).isEqualTo(EMPTY);
    assertThat(Progress.of(FULL.toJson(), true, RULES)).isEqualTo(FULL);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Progress.of(sparse, false, Optional.empty()))
        .withMessage("the field 'initialValidation' is missing");
  }

  @Test
  void aValueOfAnotherKindIsNamed() {
    refused(FULL.toJson().put("steps", 1.5), "steps");
    refused(FULL.toJson().put("steps", 1L << 40), "steps");
    refused(withoutRecent().put("lastLoss", 1.5), "lastLoss");
    refused(withoutRecent().put("lastLoss", "much"), "lastLoss");
    ObjectNode damaged = FULL.toJson();
    damaged.putArray("recentLosses").addArray().add("much").add("1");
    refused(damaged, "recentLosses");
    refused(FULL.toJson().put("bestMetrics", "many"), "bestMetrics");
    refused(FULL.toJson().put("bestStep", "4"), "bestStep");
    refused(FULL.toJson().put("staleEvaluations", "none"), "staleEvaluations");
    ObjectNode inner = FULL.toJson();
    inner.putObject("bestMetrics").put("accuracy", true);
    refused(inner, "accuracy");
  }

  /** As before the newest losses were kept. */
  private static ObjectNode withoutRecent() {
    ObjectNode json = FULL.toJson();
    json.remove("recentLosses");
    return json;
  }

  private static void refused(ObjectNode json, String field) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Progress.of(json, false, RULES))
        .withMessageContainingAll("'" + field + "'", "unexpected value");
  }

  @Test
  void workersHearWhereTheFirstOfThemContinues() throws Exception {
    for (WorkerResume resume :
        List.of(new WorkerResume(9, 6, true), new WorkerResume(3, -1, false))) {
      List<WorkerResume> heard =
          ThreadGroupOfWorkers.run(
              2,
              group -> {
                if (group.rank() == 0) {
                  resume.tell(group);
                  return resume;
                }
                return WorkerResume.hear(group);
              });
      assertThat(heard).containsExactly(resume, resume);
      resume.tell(WorkerGroup.ALONE);
    }
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThat(new StateOptions(0, Duration.ZERO, 0, false, Map.of("a", "b")).identity())
        .isEqualTo(Map.of("a", "b"));
    assertThat(StateOptions.NONE.resume()).isFalse();
    refuses(
        IllegalArgumentException.class, () -> new StateOptions(-1, 0, false, Map.of()), "interval");
    assertThatIllegalArgumentException().isThrownBy(() -> new StateOptions(0, -1, false, Map.of()));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new StateOptions(0, Duration.ofMillis(-1), 1, false, Map.of()));
  }
}
