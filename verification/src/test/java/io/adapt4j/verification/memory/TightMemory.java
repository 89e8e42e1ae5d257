package io.adapt4j.verification.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Lives operations of the public API in a process that has little memory: right and wrong ones,
 * interrupted ones, ones on closed models, and ones that need more than there is. Each must end in
 * a right result or in an exception of Adapt4J, the process must live, and afterwards everything
 * must be as before. As a program: how many operations, a seed, and how much memory the process
 * gets beyond what it has when everything has been used once, in MiB; perhaps the {@code ulimit -v}
 * that it starts under, in KiB, and operations joined by commas.
 */
public final class TightMemory {

  /** As little as a JVM can do with that compiles and reads what libtorch needs. */
  private static final List<String> JVM =
      List.of(
          "-Xms96m",
          "-Xmx96m",
          "-Xss512k",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:ReservedCodeCacheSize=64m",
          "-XX:CompressedClassSpaceSize=48m",
          "-XX:-UsePerfData",
          "-XX:-CreateCoredumpOnCrash");

  private final Path folder;

  /** KiB; the process lowers it. */
  private long limit = 64L << 20;

  private String only = "";

  /** Writes to a folder. */
  TightMemory(Path folder) {
    this.folder = folder;
  }

  /** Starts the process with a limit on its addresses, in KiB. */
  TightMemory startedUnder(long kibibytes) {
    limit = kibibytes;
    return this;
  }

  /** Lives only some of the operations, joined by commas. */
  TightMemory only(String names) {
    only = names;
    return this;
  }

  /** Lives operations and prints what they ended in. */
  public static void main(String[] args) throws Exception {
    TightMemory memory = new TightMemory(Files.createTempDirectory("tight-memory"));
    if (args.length > 3) {
      memory.startedUnder(Long.parseLong(args[3]));
    }
    if (args.length > 4) {
      memory.only(args[4]);
    }
    System.out.println(
        memory.live(Integer.parseInt(args[0]), Long.parseLong(args[1]), Integer.parseInt(args[2])));
  }

  /**
   * Runs the process.
   *
   * @param operations how many
   * @param seed decides which, and with what
   * @param margin MiB that the process gets beyond what it has after using everything once
   * @return what it printed
   */
  String live(int operations, long seed, int margin) throws IOException, InterruptedException {
    Path log = folder.resolve("log");
    List<String> command = new ArrayList<>();
    command.addAll(List.of("bash", "-c", "ulimit -v " + limit + "; exec \"$@\"", "bash"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(JVM);
    command.add("-XX:ErrorFile=" + folder.resolve("hs_err.log"));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Life.class.getName());
    command.addAll(
        List.of(
            folder.toString(),
            Integer.toString(operations),
            Long.toString(seed),
            Integer.toString(margin),
            only));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // One heap of the C library, so that memory which one thread gave back serves the others.
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    Process process = builder.redirectOutput(log.toFile()).start();
    if (!process.waitFor(60 + operations, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new AssertionError("the process does not end: " + Files.readString(log));
    }
    String printed = Files.readString(log);
    if (process.exitValue() != 0) {
      throw new AssertionError("exit status " + process.exitValue() + ": " + printed);
    }
    return printed;
  }
}
