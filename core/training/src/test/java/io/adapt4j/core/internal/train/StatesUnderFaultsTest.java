package io.adapt4j.core.internal.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** States and marks of a run under every fault at every call. */
class StatesUnderFaultsTest {

  private static RunStates states(Path output, int kept) {
    return new RunStates(output, new StateOptions(3, kept, true, Map.of("model", "a")));
  }

  private static void save(Path output, int steps) {
    TensorData tensor =
        TensorData.of(
            "w", StoredType.F32, List.of(1L), () -> ByteBuffer.allocate(4).putFloat(steps).flip());
    states(output, 1)
        .save(
            new Progress(
                steps,
                steps,
                0,
                6.25,
                RecentLosses.NONE.with(5.5, 1),
                OptionalDouble.of(6.1),
                Map.of(),
                OptionalDouble.of(5.9),
                OptionalInt.of(4),
                Map.of(),
                Optional.empty(),
                4),
            List.of(tensor));
  }

  private static String newest(Path output) {
    Temporaries.sweepTree(output);
    RunStates.Found found =
        states(output, 1).newest(Optional.empty(), state -> Optional.empty()).orElseThrow();
    try (SafetensorsFile tensors = SafetensorsFile.open(found.tensors())) {
      return found.progress().steps() + " " + tensors.bytes("w").get(0) + found.damaged();
    }
  }

  @Test
  void aStateOfALaterStep() throws Exception {
    int faults =
        FaultCheck.of("state")
            .before(output -> save(output, 6))
            .writing(output -> save(output, 9))
            .reading(StatesUnderFaultsTest::newest)
            .sweeping()
            .run();
    assertThat(faults).isGreaterThan(200);
  }

  @Test
  void aStateInThePlaceOfOneOfItsStep() throws Exception {
    int faults =
        FaultCheck.of("state of the same step")
            .before(
                output -> {
                  save(output, 9);
                  Files.writeString(output.resolve("states/step-00000009/old"), "old");
                })
            .writing(output -> save(output, 9))
            .reading(
                output -> newest(output) + Files.exists(output.resolve("states/step-00000009/old")))
            .sweeping()
            .run();
    assertThat(faults).isGreaterThan(200);
  }

  @Test
  void theMarksOfCheckpoints() throws Exception {
    int faults =
        FaultCheck.of("marks of checkpoints")
            .before(
                output -> {
                  Files.writeString(
                      Files.createDirectories(output.resolve("last")).resolve("w"), "values");
                  new CheckpointMarks(output).end("last", 3);
                })
            .writing(
                output -> {
                  new CheckpointMarks(output).begin("last", 6);
                  new CheckpointMarks(output).end("last", 6);
                })
            .reading(
                output ->
                    new CheckpointMarks(output).problem("last", 3, 3, 3).isPresent()
                        + " "
                        + new CheckpointMarks(output).problem("last", 6, 6, 6).isPresent())
            .or(content -> content.equals("false true"))
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(100);
  }
}
