package io.adapt4j.upkeep.cycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.upkeep.registry.Change;
import io.adapt4j.upkeep.registry.ModelVersion;
import io.adapt4j.upkeep.registry.NewVersion;
import io.adapt4j.upkeep.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file of a guard's comparison under every fault: a guard goes on without it. */
class RollbackGuardUnderFaultsTest {

  private static final Change ALLOWED = Change.by("anna", "a test").allowingNoExam();

  @TempDir Path temp;

  private void register(Path folder) throws IOException {
    Registry registry = Registry.open(folder.resolve("registry"));
    for (int weight : new int[] {1, 2}) {
      Path run = ScriptedVersion.write(temp.resolve("w" + weight), "weights " + weight);
      ModelVersion version = registry.add(NewVersion.of("m", run));
      registry.promote(version, ALLOWED);
    }
  }

  private static RollbackGuard guard(Path folder) {
    RollbackGuard guard =
        new RollbackGuard(
            Registry.open(folder.resolve("registry")),
            "m",
            "rating",
            0.05,
            folder.resolve("guard.json"));
    guard.update();
    return guard;
  }

  private static void score(Path folder, double score) {
    RollbackGuard guard = guard(folder);
    guard.add("m@2", score);
    guard.update();
  }

  /** The stored scores. */
  private static String read(Path folder) throws IOException {
    Path file = folder.resolve("guard.json");
    return Files.exists(file) ? CheckedJson.read(file).json().path("scores").toString() : "none";
  }

  @Test
  void aScore() throws Exception {
    int faults =
        FaultCheck.of("score of a rollback guard")
            .before(
                folder -> {
                  register(folder);
                  score(folder, 1);
                })
            .writing(folder -> score(folder, 0))
            .reading(RollbackGuardUnderFaultsTest::read)
            .optional()
            .or(content -> true)
            .keeping("guard\\.json\\.lock|registry/.*lock")
            .run();
    assertThat(faults).isGreaterThan(40);
  }
}
