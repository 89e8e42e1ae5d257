package io.adapt4j.federated;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.federated.internal.AdapterFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** Rounds under every fault at every call. */
class RoundsUnderFaultsTest {

  private static RunState state(int rounds) {
    RunState state = new RunState("run", List.of());
    for (int round = 1; round <= rounds; round++) {
      state =
          state.with(
              new RoundReport(
                  round, List.of(), 1, 0, 0, OptionalDouble.empty(), Duration.ofSeconds(1)));
    }
    return state;
  }

  private static void publish(Path output, int round) throws Exception {
    new RoundFolders(output)
        .publish(
            round,
            folder -> {
              byte[] values = ("values " + round).getBytes(StandardCharsets.UTF_8);
              new AdapterFiles(Map.of("adapter_model.safetensors", values))
                  .write(folder.resolve(RoundFolders.ADAPTER));
              state(round).complete(folder);
            });
  }

  private static String newest(Path output) throws Exception {
    RoundFolders folders = new RoundFolders(output);
    folders.sweep();
    int round = folders.newestFirst().get(0);
    return RunState.read(folders.of(round), round).rounds().size()
        + Files.readString(folders.of(round).resolve("adapter/adapter_model.safetensors"));
  }

  @Test
  void aRound() throws Exception {
    int faults =
        FaultCheck.of("federated round")
            .before(
                output -> {
                  publish(output, 1);
                  publish(output, 2);
                })
            .writing(output -> publish(output, 3))
            .reading(RoundsUnderFaultsTest::newest)
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(200);
  }

  private static String reports(Path output) throws Exception {
    return String.valueOf(
        CheckedJson.read(output.resolve(RunState.FILE)).json().path("rounds").size());
  }

  @Test
  void theResult() throws Exception {
    int faults =
        FaultCheck.of("federated reports")
            .before(output -> state(1).write(output))
            .writing(output -> state(2).write(output))
            .reading(RoundsUnderFaultsTest::reports)
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(60);
  }
}
