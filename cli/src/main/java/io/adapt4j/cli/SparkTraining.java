package io.adapt4j.cli;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Trains on Spark in a separate process, as the command line does not include Spark's libraries.
 */
final class SparkTraining {

  /** Environment variable for the folder with the jars of the spark module and of Spark. */
  static final String FOLDER = "ADAPT4J_SPARK_LIB";

  private static final String MAIN_CLASS = "io.adapt4j.spark.SparkTrain";

  private SparkTraining() {}

  /** Builds the command line of the process. */
  static List<String> command(Map<String, String> environment, List<String> arguments) {
    Path folder =
        Optional.ofNullable(environment.get(FOLDER))
            .map(Path::of)
            .or(SparkTraining::besideThis)
            .filter(Files::isDirectory)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "--spark needs the module adapt4j-spark and Spark, which are not part of"
                            + " the command line. Make a folder of their jars with"
                            + " 'mvn -q -B -ntp -Pspark-submit -pl spark -am package -DskipTests'"
                            + " and name it: "
                            + FOLDER
                            + "=spark/target/adapt4j-spark-VERSION-lib."));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", folder + File.separator + "*", MAIN_CLASS));
    command.addAll(arguments);
    return command;
  }

  /** Returns the folder {@code spark} next to that of this program's jars. */
  private static Optional<Path> besideThis() {
    try {
      Path own =
          Path.of(SparkTraining.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return Optional.ofNullable(own.getParent()).map(lib -> lib.resolveSibling("spark"));
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  /** Runs a command to completion. */
  static int run(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).inheritIO().start();
      try {
        return process.waitFor();
      } finally {
        process.destroy();
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("--spark: " + command.get(0) + " cannot be started: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return ExitCode.INTERRUPTED;
    }
  }
}
