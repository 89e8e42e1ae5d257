package io.adapt4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Batch work and sharded data on executors that are processes of their own. */
class LocalClusterTest {

  /** What Spark takes for a distribution: links to the jars of the class path. */
  private static final Path HOME = Path.of("target", "spark-home").toAbsolutePath();

  @Test
  void twoExecutorsGiveWhatOneProcessGives(@TempDir Path folder) throws Exception {
    SmallBert.embedder(folder.resolve("model"));
    Path output = folder.resolve("output.txt");

    Process driver =
        driver(folder).redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertThat(driver.waitFor(300, TimeUnit.SECONDS)).as(() -> "ended: " + text(output)).isTrue();
      assertThat(driver.exitValue()).as(() -> text(output)).isZero();
      assertThat(text(output)).contains("executors 2 different 0 shards equal true");
    } finally {
      driver.descendants().forEach(ProcessHandle::destroyForcibly);
      driver.destroyForcibly();
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static ProcessBuilder driver(Path folder) throws IOException {
    Path jars = Files.createDirectories(HOME.resolve("jars"));
    String classPath = System.getProperty("java.class.path");
    List<String> folders = new ArrayList<>();
    for (String entry : classPath.split(System.getProperty("path.separator"), -1)) {
      Path path = Path.of(entry).toAbsolutePath().normalize();
      if (Files.isDirectory(path)) {
        folders.add(path.toString());
      } else if (Files.exists(path) && !Files.exists(jars.resolve(path.getFileName()))) {
        Files.createSymbolicLink(jars.resolve(path.getFileName()), path);
      }
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(SparkFlags.all());
    command.addAll(
        List.of(
            "-Xmx512m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            classPath,
            LocalClusterDriver.class.getName(),
            folder.toString(),
            String.join(System.getProperty("path.separator"), folders)));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("SPARK_HOME", HOME.toString());
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    return builder;
  }
}
