package io.adapt4j.spark.internal.launch;

import io.adapt4j.core.internal.AtomicFolders;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.launcher.JavaModuleOptions;

/**
 * A driver process started from this class path, without a Spark installation. It substitutes a
 * distribution: a folder with all jars, which the executors of a {@code local-cluster} start from,
 * and the JVM options that Spark needs.
 */
public final class SparkProcess {

  private static final String SCALA_VERSION = "2.13";
  private static final String EXECUTOR_CLASS_PATH = "spark.executor.extraClassPath";

  private SparkProcess() {}

  public static ProcessBuilder prepare(
      Path home, List<String> javaOptions, String mainClass, List<String> arguments)
      throws IOException {
    String classPath = System.getProperty("java.class.path");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
    command.addAll(javaOptions);
    command.add("-D" + EXECUTOR_CLASS_PATH + "=" + folders(classPath));
    command.addAll(List.of("-cp", classPath, mainClass));
    command.addAll(arguments);
    ProcessBuilder process = new ProcessBuilder(command);
    Map<String, String> environment = process.environment();
    if (!environment.containsKey("SPARK_HOME")) {
      fill(home.resolve("jars"), classPath);
      environment.put("SPARK_HOME", home.toAbsolutePath().toString());
      environment.put("SPARK_SCALA_VERSION", SCALA_VERSION);
    }
    return process;
  }

  /** Runs a main class to completion, with the input and output of this process. */
  public static int run(String mainClass, List<String> arguments)
      throws IOException, InterruptedException {
    Path home = Files.createTempDirectory("adapt4j-spark");
    try {
      ProcessBuilder builder =
          prepare(home, List.of("-Dspark.log.level=WARN"), mainClass, arguments);
      builder.environment().put(TrainArguments.STARTED, "1");
      Process process = builder.inheritIO().start();
      try {
        return process.waitFor();
      } finally {
        process.destroy();
      }
    } finally {
      AtomicFolders.delete(home);
    }
  }

  /** Returns the parts of the class path that are not jars. */
  private static String folders(String classPath) {
    List<String> folders = new ArrayList<>();
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      if (Files.isDirectory(Path.of(entry))) {
        folders.add(Path.of(entry).toAbsolutePath().toString());
      }
    }
    return String.join(File.pathSeparator, folders);
  }

  private static void fill(Path jars, String classPath) throws IOException {
    Files.createDirectories(jars);
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      Path jar = Path.of(entry).toAbsolutePath();
      Path link = jars.resolve(jar.getFileName());
      if (Files.isRegularFile(jar) && !Files.exists(link)) {
        try {
          Files.createSymbolicLink(link, jar);
        } catch (UnsupportedOperationException | IOException e) {
          Files.copy(jar, link);
        }
      }
    }
  }
}
