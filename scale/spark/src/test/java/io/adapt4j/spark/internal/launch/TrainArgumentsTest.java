package io.adapt4j.spark.internal.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the program for Spark is called with. */
class TrainArgumentsTest {

  @TempDir Path folder;
  private String recipe;

  @BeforeEach
  void write() throws IOException {
    recipe = Files.writeString(folder.resolve("run.yaml"), "epochs: 1\noutput: run\n").toString();
  }

  @Test
  void keysOfTheDescriptionAndSettingsOfSparkAreToldApart() {
    TrainArguments found =
        TrainArguments.read(
            List.of(
                "--set",
                "epochs=2",
                recipe,
                "--conf",
                "spark.task.cpus=2",
                "--workers",
                "3",
                "--resume"));
    assertThat(found.description().text()).contains("\"epochs\": 2", "\"resume\": true");
    assertThat(found.settings()).isEqualTo(Map.of("spark.task.cpus", "2"));
    assertThat(found.workers()).contains(3);
    assertThat(found.master()).isEmpty();
    assertThat(found.isEncrypted()).isFalse();
    assertThat(found.needsProcess()).isFalse();
  }

  @Test
  void aPlanLooksAtARunThatHasBeen() {
    TrainArguments found = TrainArguments.read(List.of(recipe, "--plan", "2.5"));
    assertThat(found.planned()).contains(2.5);
    assertThat(found.description().text()).contains("\"overwriteOutput\": true");
  }

  @Test
  void whatIsWrongIsSaidWithAllOptions() {
    assertThatThrownBy(() -> TrainArguments.read(List.of()))
        .hasMessageContaining("Expected RUN.YAML")
        .hasMessageContaining("--workers N");
    assertThatThrownBy(() -> TrainArguments.read(List.of("missing.yaml")))
        .hasMessageContaining("There is no file");
    assertThatThrownBy(() -> TrainArguments.read(List.of(recipe, "--wrokers", "2")))
        .hasMessageContaining("Unknown argument --wrokers");
    assertThatThrownBy(() -> TrainArguments.read(List.of(recipe, "--workers")))
        .hasMessageContaining("--workers needs a value");
    assertThatThrownBy(() -> TrainArguments.read(List.of(recipe, "--set", "epochs")))
        .hasMessageContaining("KEY=VALUE");
  }
}
