package io.adapt4j.spark.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Executors that are killed or stopped while they train. As many are killed as {@code
 * -Dadapt4j.spark.kills=20} says.
 */
@EnabledOnOs(OS.LINUX)
class KilledExecutorTest {

  private static final int KILLS = Integer.getInteger("adapt4j.spark.kills", 2);
  private static final long SEED = Long.getLong("adapt4j.spark.seed", 11);
  private static final String WEIGHTS = "last/adapter_model.safetensors";

  /** On a disk: a state is written for long enough to be seen. */
  @TempDir(factory = TempDirFactory.Standard.class)
  static Path folder;

  @AutoClose private static LocalCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    Recipe.data(folder, 24);
    cluster = LocalCluster.start(folder, "local-cluster[2,1,1024]");
  }

  private static String[] keys(int epochs) {
    return new String[] {
      "method: {lora: {rank: 4, dropout: 0.1}}",
      "gradientAccumulation: 2",
      "saveEvery: 1",
      "evaluateEvery: 2",
      "epochs: " + epochs
    };
  }

  private static Path recipe(String name, int epochs) throws IOException {
    Path file = Recipe.write(folder, name, keys(epochs));
    Files.writeString(file, Files.readString(file).replaceFirst("epochs: 1\n", ""));
    return file;
  }

  @Test
  void killedExecutorsAreNoMatterToTheWeights() throws Exception {
    int epochs = KILLS + 2;
    LocalCluster.Answer expected = cluster.run("plain " + recipe("plain", epochs));
    cluster.order("2 " + recipe("killed", epochs));
    CompletableFuture<LocalCluster.Answer> answer = answer();
    Random random = new Random(SEED);
    Path output = folder.resolve("killed");
    int killed = 0;
    for (; killed < KILLS && !answer.isDone(); killed++) {
      int before = newest(output);
      await(answer, () -> newest(output) > before);
      boolean whileSaving = killed % 2 == 1;
      if (whileSaving) {
        await(answer, () -> isSaving(output));
      } else {
        Thread.sleep(random.nextInt(300));
      }
      ProcessHandle victim = victim(output, whileSaving, random);
      victim.destroyForcibly();
      System.out.println(
          "Killed executor %s after step %s%s"
              .formatted(victim.pid(), newest(output), whileSaving ? ", saving" : ""));
      await(answer, () -> isReplaced(victim));
    }
    LocalCluster.Answer found = answer.get();
    System.out.println(killed + " killed, " + found.attempts() + " attempts");
    assertThat(killed).isEqualTo(KILLS);
    assertThat(found.attempts()).isGreaterThan(1);
    assertThat(found.failures()).contains("ExecutorLostFailure");
    assertThat(found.steps()).isEqualTo(expected.steps());
    assertThat(found.lastLoss()).isEqualTo(expected.lastLoss());
    assertThat(output.resolve(WEIGHTS)).hasSameBinaryContentAs(folder.resolve("plain/" + WEIGHTS));
  }

  @Test
  void aHungExecutorIsGivenUpAndTheRunEndsWithTheSameWeights() throws Exception {
    LocalCluster.Answer expected = cluster.run("plain " + recipe("unhung", 3));
    cluster.order("2 " + recipe("hung", 3) + " patience=4000");
    CompletableFuture<LocalCluster.Answer> answer = answer();
    Path output = folder.resolve("hung");
    await(answer, () -> newest(output) > 1);
    ProcessHandle leader = victim(output, true, new Random(SEED));
    ProcessHandle hung =
        cluster.executors().stream().filter(process -> !process.equals(leader)).findAny().get();
    signal("STOP", hung);
    // Spark gives up an executor that is silent only after two minutes; it comes back before.
    await(answer, () -> !LocalCluster.hasOpen(leader, lock(output)));
    signal("CONT", hung);
    LocalCluster.Answer found = answer.get();
    assertThat(found.failures()).contains("Waited 4.0 s for worker");
    assertThat(found.lastLoss()).isEqualTo(expected.lastLoss());
    assertThat(output.resolve(WEIGHTS)).hasSameBinaryContentAs(folder.resolve("unhung/" + WEIGHTS));
  }

  private static boolean isReplaced(ProcessHandle victim) {
    List<ProcessHandle> all = cluster.executors();
    return all.size() == 2 && !all.contains(victim);
  }

  private static CompletableFuture<LocalCluster.Answer> answer() {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return cluster.answer();
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static void await(CompletableFuture<?> end, BooleanSupplier condition)
      throws InterruptedException {
    while (!end.isDone() && !condition.getAsBoolean()) {
      Thread.sleep(2);
    }
  }

  private static Path lock(Path output) {
    return output.resolve(".lock");
  }

  /** The step of the newest saved state; -1 before the first. */
  private static int newest(Path output) {
    return names(output.resolve("states")).stream()
        .filter(name -> name.startsWith("step-"))
        .mapToInt(name -> Integer.parseInt(name.substring("step-".length())))
        .max()
        .orElse(-1);
  }

  private static boolean isSaving(Path output) {
    return Stream.of("states", "last")
        .flatMap(name -> names(output.resolve(name)).stream())
        .anyMatch(name -> name.startsWith("."));
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** The executor of the worker that leads, which holds the output's lock, or any. */
  private static ProcessHandle victim(Path output, boolean leads, Random random) {
    List<ProcessHandle> all = cluster.executors();
    return all.stream()
        .filter(process -> leads && LocalCluster.hasOpen(process, lock(output)))
        .findFirst()
        .orElseGet(() -> all.get(random.nextInt(all.size())));
  }

  private static void signal(String name, ProcessHandle process) throws Exception {
    new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid())).start().waitFor();
  }
}
