package io.adapt4j.verification.fuzz;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Fuzzes with Jazzer, guided by coverage: one process a target, one after the other. What an
 * earlier run reached is kept in {@code target/fuzz/TARGET/corpus} and taken up again. Prints a
 * line a target, and ends with status 1 if anything was found or a target did not run; the inputs
 * lie in {@code target/fuzz/TARGET/found}.
 */
public final class LongFuzz {

  private static final Pattern COUNT = Pattern.compile("^#(\\d+)\\s");

  /** Adapters state regular expressions, and clients ask a server of this process. */
  private static final List<String> DISABLED =
      List.of(
          "com.code_intelligence.jazzer.sanitizers.RegexInjection",
          "com.code_intelligence.jazzer.sanitizers.ServerSideRequestForgery");

  private static final List<String> PARSERS =
      List.of(
          "org.apache.tika.parser.**",
          "org.apache.poi.**",
          "org.apache.pdfbox.**",
          "org.jsoup.**",
          "org.apache.james.**");

  /** For loading classes, and for the last input. */
  private static final int MORE_SECONDS = 300;

  private LongFuzz() {}

  /** Takes the seconds for each target, and the targets' names joined by commas, or "all". */
  public static void main(String[] args) throws Exception {
    int seconds = Integer.parseInt(args[0]);
    List<FuzzTarget> targets =
        args[1].equals("all")
            ? FuzzTargets.all()
            : Stream.of(args[1].split(",")).map(FuzzTargets::named).toList();
    boolean found = false;
    for (FuzzTarget target : targets) {
      found |= fuzz(target, seconds);
    }
    System.exit(found ? 1 : 0);
  }

  private static boolean fuzz(FuzzTarget target, int seconds) throws Exception {
    Path folder = Path.of("target/fuzz", target.name()).toAbsolutePath();
    Path corpus = Files.createDirectories(folder.resolve("corpus"));
    Path findings = Files.createDirectories(folder.resolve("found"));
    List<byte[]> seeds = target.seeds();
    for (int i = 0; i < seeds.size(); i++) {
      Files.write(corpus.resolve("seed-" + i), seeds.get(i));
    }
    long before = found(findings);
    long executions = run(target, seconds, folder, corpus, findings);
    long more = found(findings) - before;
    System.out.printf(
        "%-24s %,12d executions %6d inputs kept %4d findings%n",
        target.name(), executions, count(corpus), more);
    return more > 0 || executions == 0;
  }

  /** Documents are read by libraries, which are followed too. */
  private static String instrumented(FuzzTarget target) {
    return target.name().startsWith("document-")
        ? "io.adapt4j.**" + File.pathSeparator + String.join(File.pathSeparator, PARSERS)
        : "io.adapt4j.**";
  }

  private static long run(FuzzTarget target, int seconds, Path folder, Path corpus, Path findings)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx1g");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("com.code_intelligence.jazzer.Jazzer");
    command.add("--target_class=" + JazzerTarget.class.getName());
    command.add("--target_args=" + target.name());
    command.add("--instrumentation_includes=" + instrumented(target));
    // Hooks in all libraries would make a start take minutes.
    command.add("--custom_hook_includes=io.adapt4j.**");
    command.add("--disabled_hooks=" + String.join(File.pathSeparator, DISABLED));
    command.add("--reproducer_path=" + findings);
    command.add("-artifact_prefix=" + findings + "/");
    command.add("-max_total_time=" + seconds);
    command.add("-timeout=30");
    // Long inputs from the beginning: the seeds are.
    command.add("-len_control=0");
    // Seeds that replace one file of several by itself all reach the same.
    command.add("-keep_seed=1");
    command.add("-rss_limit_mb=4096");
    command.add(corpus.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    // Threads of a server may keep alive what has ended.
    CompletableFuture.delayedExecutor(seconds + MORE_SECONDS, TimeUnit.SECONDS)
        .execute(process::destroyForcibly);
    long executions = 0;
    try (BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        var log = Files.newBufferedWriter(folder.resolve("log"))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        log.write(line);
        log.newLine();
        log.flush();
        Matcher count = COUNT.matcher(line);
        if (count.find()) {
          executions = Long.parseLong(count.group(1));
        }
      }
    }
    process.waitFor();
    return executions;
  }

  /** Inputs that only took long, such as the first one of a process, are no findings. */
  private static long found(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> !file.getFileName().toString().startsWith("slow-")).count();
    }
  }

  private static long count(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }
}
