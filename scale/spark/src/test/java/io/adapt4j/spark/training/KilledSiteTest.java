package io.adapt4j.spark.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Executors that are killed while sites train, as many as {@code -Dadapt4j.spark.kills=1} says.
 * Takes a minute, so it runs only then.
 */
@EnabledOnOs(OS.LINUX)
@EnabledIfSystemProperty(named = "adapt4j.spark.kills", matches = "[1-9].*")
class KilledSiteTest {

  private static final int KILLS = Integer.getInteger("adapt4j.spark.kills", 1);

  @TempDir Path folder;

  @Test
  void roundsEndWithTheSameAdapter() throws Exception {
    Recipe.data(folder, 48);
    try (LocalCluster cluster = LocalCluster.start(folder, "local-cluster[2,1,1024]")) {
      LocalCluster.Answer expected = cluster.run("federated-plain plain " + Recipe.MODEL);
      cluster.order("federated killed " + Recipe.MODEL);
      CompletableFuture<LocalCluster.Answer> answer =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return cluster.answer();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      int killed = 0;
      while (killed < KILLS && !answer.isDone()) {
        Optional<ProcessHandle> training =
            cluster.executors().stream().filter(this::trains).findFirst();
        if (training.isPresent()) {
          Thread.sleep(300);
          training.get().destroyForcibly();
          killed++;
          training.get().onExit().join();
        }
        Thread.sleep(20);
      }
      assertThat(answer.get()).isEqualTo(expected);
      assertThat(killed).isEqualTo(KILLS);
      assertThat(adapter("killed")).hasSameBinaryContentAs(adapter("plain"));
    }
  }

  /** Whether an executor has a folder of a training. */
  private boolean trains(ProcessHandle executor) {
    return names(folder.resolve("scratch")).stream()
        .anyMatch(name -> name.startsWith("adapt4j-") && name.endsWith("-" + executor.pid()));
  }

  private static List<String> names(Path of) {
    try (Stream<Path> files = Files.list(of)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private Path adapter(String output) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve(output))) {
      return files
          .filter(file -> file.endsWith("adapter_model.safetensors"))
          .filter(file -> file.toString().contains("adapter"))
          .min(Comparator.comparingInt(Path::getNameCount))
          .orElseThrow();
    }
  }
}
