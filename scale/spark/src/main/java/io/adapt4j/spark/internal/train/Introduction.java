package io.adapt4j.spark.internal.train;

import io.adapt4j.core.internal.provenance.SystemInfo;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;

/** Introduction of a worker, sent through Spark's barrier before the workers are connected. */
record Introduction(String host, int port, String token, String version, String problem) {

  private static final String SEPARATOR = "\t";
  private static final int TOKEN_BYTES = 32;
  private static final int PARTS = 5;
  private static final SecureRandom RANDOM = new SecureRandom();

  static Introduction at(String host, int port) {
    byte[] token = new byte[TOKEN_BYTES];
    RANDOM.nextBytes(token);
    return new Introduction(
        host, port, Base64.getEncoder().encodeToString(token), SystemInfo.libraryVersion(), "");
  }

  static Introduction unable(String problem) {
    return new Introduction("", 0, "", SystemInfo.libraryVersion(), problem);
  }

  String written() {
    return String.join(
        SEPARATOR, host, String.valueOf(port), token, version, problem.replace(SEPARATOR, " "));
  }

  static Introduction read(String written) {
    String[] parts = written.split(SEPARATOR, PARTS);
    return new Introduction(parts[0], Integer.parseInt(parts[1]), parts[2], parts[3], parts[4]);
  }

  InetSocketAddress address() {
    return new InetSocketAddress(host, port);
  }

  /** Returns the reason why these workers cannot train together; empty if they can. */
  static String refusal(List<Introduction> all) {
    for (int rank = 0; rank < all.size(); rank++) {
      Introduction worker = all.get(rank);
      if (!worker.problem.isEmpty()) {
        return "worker " + rank + ": " + worker.problem;
      }
      if (!worker.version.equals(all.get(0).version)) {
        return "version of Adapt4J: %s on worker 0, %s on worker %s. Give all executors the same jar."
            .formatted(all.get(0).version, worker.version, rank);
      }
    }
    return "";
  }
}
