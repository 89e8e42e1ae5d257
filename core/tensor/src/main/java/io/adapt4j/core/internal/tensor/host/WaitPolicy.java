package io.adapt4j.core.internal.tensor.host;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Policy of libtorch's threads for waiting at the end of every operator. By default its OpenMP
 * runtime lets them spin, which on a busy machine takes CPU time from the very threads they wait
 * for. The runtime reads its settings from the process's environment when it is loaded, so they are
 * set before, unless the user has set them.
 */
public record WaitPolicy(boolean isPassive, String description) {

  private static final Logger LOG = LoggerFactory.getLogger(WaitPolicy.class);

  /** System property; {@code user} leaves the environment unchanged. */
  static final String PROPERTY = "adapt4j.waitPolicy";

  private static final String POLICY = "OMP_WAIT_POLICY";
  private static final String SPINS = "GOMP_SPINCOUNT";
  private static final String REMEDY =
      "; on a machine with other work start the JVM with the environment variable "
          + POLICY
          + "=PASSIVE";

  private static volatile WaitPolicy current =
      new WaitPolicy(false, "not known before the engine starts");

  public static WaitPolicy current() {
    return current;
  }

  /** Sets the policy. Called once, before libtorch is loaded. */
  public static void prepare() {
    WaitPolicy prepared = prepare(System.getenv(), System.getProperty("os.name"));
    current = prepared;
    if (prepared.description.endsWith(REMEDY)) {
      LOG.warn("{}", prepared.description);
    } else {
      LOG.debug("threads wait: {}", prepared.description);
    }
  }

  private static WaitPolicy prepare(Map<String, String> environment, String system) {
    for (String name : new String[] {POLICY, SPINS}) {
      if (environment.containsKey(name)) {
        String value = environment.get(name);
        boolean passive = name.equals(POLICY) ? isPassive(value) : value.strip().equals("0");
        return new WaitPolicy(passive, name + "=" + value + ", as the environment says");
      }
    }
    if (System.getProperty(PROPERTY, "").equals("user")) {
      return new WaitPolicy(false, "as the OpenMP runtime has it, since " + PROPERTY + "=user");
    }
    if (!system.equals("Linux")) {
      return new WaitPolicy(
          false, "as the OpenMP runtime of " + system + " has it: it is set on Linux only");
    }
    if (isLoaded()) {
      return new WaitPolicy(
          false,
          "threads wait for each other by spinning, since an OpenMP runtime was loaded before"
              + " libtorch"
              + REMEDY);
    }
    try {
      int failed =
          NativeLibrary.getProcess()
              .getFunction("setenv")
              .invokeInt(new Object[] {POLICY, "PASSIVE", 0});
      return failed == 0
          ? new WaitPolicy(true, POLICY + "=PASSIVE, set before libtorch was loaded")
          : new WaitPolicy(false, "threads wait for each other by spinning" + REMEDY);
    } catch (RuntimeException | LinkageError e) {
      return new WaitPolicy(
          false,
          "threads wait for each other by spinning, since setting the policy failed ("
              + e.getMessage()
              + ")"
              + REMEDY);
    }
  }

  private static boolean isPassive(String value) {
    return value.strip().toUpperCase(Locale.ROOT).equals("PASSIVE");
  }

  /** Returns whether the runtime has read the environment already. */
  private static boolean isLoaded() {
    try {
      return Files.readString(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1)
          .contains("/libgomp");
    } catch (IOException e) {
      return false;
    }
  }
}
