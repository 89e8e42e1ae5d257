package io.adapt4j.benchmarks.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A program in a separate JVM, to isolate its memory. */
public final class OwnProcess {

  private static final String PEAK = "peak resident bytes ";

  private final String name;
  private final int exit;
  private final List<String> output;

  private OwnProcess(String name, int exit, List<String> output) {
    this.name = name;
    this.exit = exit;
    this.output = output;
  }

  /** Runs a program to completion. */
  public static OwnProcess run(Class<?> program, Object... arguments) {
    List<String> line = Stream.of(arguments).map(String::valueOf).toList();
    return run(program.getSimpleName() + line, JavaCommand.of(program, List.of(), line));
  }

  public static OwnProcess run(String name, ProcessBuilder command) {
    try {
      Process process = command.redirectErrorStream(true).start();
      List<String> output = process.inputReader().lines().toList();
      return new OwnProcess(name, process.waitFor(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while " + name + " ran", e);
    }
  }

  /** Prints this process's peak RSS for the process that started it. */
  public static void printPeak() {
    System.out.println(PEAK + Machine.peakResident());
  }

  /** Returns the peak RSS that the process printed, in bytes. */
  public double peak() {
    return number(PEAK);
  }

  /** Returns the number after a prefix of a line. */
  public double number(String words) {
    return output.stream()
        .filter(line -> line.startsWith(words))
        .mapToDouble(line -> Double.parseDouble(line.substring(words.length())))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(name + " ended with " + exit + ": " + output));
  }

  /** Returns the numbers after a prefix of lines. */
  public Samples samples(String words) {
    double[] found =
        lines(words).stream()
            .mapToDouble(line -> Double.parseDouble(line.substring(words.length())))
            .toArray();
    if (found.length == 0) {
      throw new IllegalStateException(name + " ended with " + exit + ": " + output);
    }
    return Samples.of(found);
  }

  public List<String> lines(String words) {
    return output.stream().filter(line -> line.startsWith(words)).toList();
  }

  public Stream<String> lines(Pattern expression) {
    return output.stream().filter(expression.asMatchPredicate());
  }
}
