package io.adapt4j.kernels.internal;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** Runs the kit's small checks below compute-sanitizer. */
final class KitSanitizer {

  static final List<String> TOOLS = List.of("memcheck", "racecheck", "synccheck", "initcheck");

  private static final String PROGRAM = "compute-sanitizer";
  private static final int FOUND = 9;
  private static final long SECONDS = 240;

  private KitSanitizer() {}

  static boolean isPresent() {
    return Pattern.compile(File.pathSeparator)
        .splitAsStream(System.getenv().getOrDefault("PATH", ""))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, PROGRAM)));
  }

  /** Passed, FAILED, or why nothing is known, with the file that says more. */
  static String run(String tool) throws IOException {
    Path log = Path.of(System.getProperty("adapt4j.kit.report") + "." + tool + ".log");
    List<String> command =
        new ArrayList<>(
            List.of(PROGRAM, "--tool", tool, "--error-exitcode", Integer.toString(FOUND)));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String name :
        List.of("adapt4j.kit.report", "adapt4j.cuda.cache", "org.bytedeco.javacpp.cachedir")) {
      if (System.getProperty(name) != null) {
        command.add("-D" + name + "=" + System.getProperty(name));
      }
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(GpuKit.class.getName(), "--sanitized"));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return "not finished after " + SECONDS + " s (" + log + ")";
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    int status = process.exitValue();
    if (status == 0) {
      return "passed";
    }
    // Buffers end on 16 bytes: what lies behind their content may be read, and is not used.
    String result = tool.equals("initcheck") ? "to be read, status " : "FAILED with status ";
    return result + status + " (" + log + ")";
  }
}
