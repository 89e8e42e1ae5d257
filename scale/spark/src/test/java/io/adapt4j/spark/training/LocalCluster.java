package io.adapt4j.spark.training;

import io.adapt4j.spark.internal.launch.SparkProcess;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A driver in a process of its own, with executors in processes of theirs. */
final class LocalCluster implements AutoCloseable {

  private final Process driver;
  private final BufferedReader answers;
  private final PrintStream orders;

  private LocalCluster(Process driver) {
    this.driver = driver;
    this.answers =
        new BufferedReader(new InputStreamReader(driver.getInputStream(), StandardCharsets.UTF_8));
    this.orders = new PrintStream(driver.getOutputStream(), true, StandardCharsets.UTF_8);
  }

  /**
   * What a run came to.
   *
   * @param steps optimizer steps
   * @param firstLoss of the first step
   * @param lastLoss of the last step
   * @param attempts how often the stage was run
   * @param failures the first failure of each attempt before
   */
  record Answer(int steps, double firstLoss, double lastLoss, int attempts, String failures) {}

  /** Starts it; its log goes to a file in the folder. */
  static LocalCluster start(Path folder, String master, String... settings) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(master));
    arguments.addAll(List.of(settings));
    ProcessBuilder process =
        SparkProcess.prepare(
            Path.of("target", "spark-home").toAbsolutePath(),
            List.of(
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dspark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
                "-Dspark.log.level=WARN"),
            ClusterDriver.class.getName(),
            arguments);
    process.environment().put("OMP_NUM_THREADS", "1");
    process.directory(folder.toFile());
    process.redirectError(folder.resolve("driver.log").toFile());
    LocalCluster cluster = new LocalCluster(process.start());
    String ready = cluster.answers.readLine();
    if (!"ready".equals(ready)) {
      throw new IllegalStateException(
          "no driver: " + ready + Files.readString(folder.resolve("driver.log")));
    }
    return cluster;
  }

  void order(String line) {
    orders.println(line);
  }

  Answer answer() throws IOException {
    String line = line();
    if (line == null || !line.startsWith("done ")) {
      throw new IllegalStateException(String.valueOf(line));
    }
    String[] words = line.split(" ", 6);
    return new Answer(
        Integer.parseInt(words[1]),
        Double.parseDouble(words[2]),
        Double.parseDouble(words[3]),
        Integer.parseInt(words[4]),
        words[5]);
  }

  /** The next answer as it stands. */
  String line() throws IOException {
    return answers.readLine();
  }

  Answer run(String line) throws IOException {
    order(line);
    return answer();
  }

  /** The processes of the executors, if the system shows them. */
  List<ProcessHandle> executors() {
    return driver.descendants().filter(process -> isExecutor(process.pid())).toList();
  }

  private static boolean isExecutor(long pid) {
    try {
      String command = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
      return command.contains("CoarseGrainedExecutorBackend") && command.contains("java");
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether a process has a file open. */
  static boolean hasOpen(ProcessHandle process, Path file) {
    File[] open = new File("/proc/" + process.pid() + "/fd").listFiles();
    return open != null
        && Stream.of(open)
            .anyMatch(
                link -> {
                  try {
                    return Files.readSymbolicLink(link.toPath()).equals(file);
                  } catch (IOException e) {
                    return false;
                  }
                });
  }

  @Override
  public void close() {
    orders.close();
    try {
      if (!driver.waitFor(20, TimeUnit.SECONDS)) {
        List<ProcessHandle> all = driver.descendants().toList();
        driver.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
