package io.adapt4j.benchmarks.suite;

import io.adapt4j.core.internal.provenance.SystemInfo;
import io.adapt4j.core.internal.tensor.EngineInfo;

/**
 * The software that was measured.
 *
 * @param adapt4j version of this library
 * @param libtorch version of libtorch
 * @param djl version of the library that loads it
 * @param java version and vendor of the JVM
 */
record Versions(String adapt4j, String libtorch, String djl, String java) {

  /** Looks around; starts the engine. */
  static Versions here() {
    return new Versions(
        SystemInfo.libraryVersion(),
        EngineInfo.version(),
        EngineInfo.loaderVersion(),
        System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")");
  }

  String text() {
    return "JDK " + java + ", libtorch " + libtorch + ", DJL " + djl + ", Adapt4J " + adapt4j;
  }
}
