package io.adapt4j.spark;

import java.lang.management.ManagementFactory;
import java.util.List;

/** The flags of this process, for another one with Spark in it. */
final class SparkFlags {

  private SparkFlags() {}

  static List<String> all() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(
            flag ->
                flag.startsWith("--add-opens")
                    || flag.startsWith("--enable-native-access")
                    || flag.startsWith("--sun-misc"))
        .toList();
  }
}
