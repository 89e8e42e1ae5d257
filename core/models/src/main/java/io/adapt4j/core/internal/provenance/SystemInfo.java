package io.adapt4j.core.internal.provenance;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.tensor.EngineInfo;
import io.adapt4j.core.internal.tensor.host.Processor;
import io.adapt4j.core.internal.tensor.op.HostKernels;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Software versions and hardware that affect rounding. */
public record SystemInfo(
    String library,
    String engine,
    String djl,
    String java,
    String system,
    String processor,
    int threads) {

  private static final String VERSION = "/io/adapt4j/core/version.properties";

  /** Describes the current environment; starts the engine if it is not running yet. */
  public static SystemInfo here() {
    return new SystemInfo(
        libraryVersion(),
        EngineInfo.version(),
        EngineInfo.loaderVersion(),
        System.getProperty("java.version") + " " + System.getProperty("java.vendor"),
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"),
        Processor.name(),
        EngineInfo.threads());
  }

  /** {@return the version of this library, such as {@code 0.1.0}} */
  public static String libraryVersion() {
    Properties properties = new Properties();
    try (InputStream in = SystemInfo.class.getResourceAsStream(VERSION)) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("Reading " + VERSION + " failed", e);
    }
    return properties.getProperty("version");
  }

  /** Returns which C++ kernels run and on which instruction set, or why none do. */
  public static String kernels() {
    return HostKernels.description();
  }

  public ObjectNode json() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("library", library)
        .put("engine", engine)
        .put("djl", djl)
        .put("java", java)
        .put("system", system)
        .put("processor", processor)
        .put("threads", threads);
  }
}
