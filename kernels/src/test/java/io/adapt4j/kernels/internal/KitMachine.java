package io.adapt4j.kernels.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** What the machine says of itself. */
final class KitMachine {

  private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");

  private KitMachine() {}

  static Map<String, Object> describe() {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    found.put("cores", Runtime.getRuntime().availableProcessors());
    found.put("driver", driver());
    found.put(
        "nvidia-smi",
        output(
            "nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"));
    return found;
  }

  private static String driver() {
    try {
      return Files.readAllLines(DRIVER).get(0).strip();
    } catch (IOException | IndexOutOfBoundsException e) {
      return "no NVIDIA driver is loaded (" + DRIVER + " cannot be read)";
    }
  }

  private static String output(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      return text.lines().collect(Collectors.joining("; "));
    } catch (IOException e) {
      return "not found";
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
