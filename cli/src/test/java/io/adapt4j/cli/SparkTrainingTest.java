package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on Spark, whose libraries are not those of the command line. */
class SparkTrainingTest {

  @TempDir Path folder;

  @Test
  void theProgramRunsWithTheLibrariesOfTheFolder() {
    List<String> command =
        SparkTraining.command(
            Map.of(SparkTraining.FOLDER, folder.toString()), List.of("run.yaml", "--workers", "2"));
    assertThat(command.subList(1, command.size()))
        .containsExactly(
            "-cp",
            folder.resolve("*").toString(),
            "io.adapt4j.spark.SparkTrain",
            "run.yaml",
            "--workers",
            "2");
  }

  @Test
  void withoutTheFolderItSaysHowToMakeIt() {
    assertThatThrownBy(() -> SparkTraining.command(Map.of(), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-Pspark-submit")
        .hasMessageContaining(SparkTraining.FOLDER);
  }
}
