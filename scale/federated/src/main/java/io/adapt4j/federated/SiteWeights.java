package io.adapt4j.federated;

import java.util.List;

/** Weights of sites in the mean of a round. */
final class SiteWeights {

  private SiteWeights() {}

  /**
   * Returns weights proportional to token counts, capped at a limit. Excess weight goes to the
   * other sites in proportion to their counts.
   */
  static double[] of(List<Long> tokens, double limit) {
    int sites = tokens.size();
    double greatest = Math.max(limit, 1.0 / sites);
    double[] shares = new double[sites];
    boolean[] limited = new boolean[sites];
    double left = 1;
    boolean changed = true;
    while (changed) {
      changed = false;
      double counts = 0;
      for (int i = 0; i < sites; i++) {
        counts += limited[i] ? 0 : tokens.get(i);
      }
      double free = left;
      for (int i = 0; i < sites; i++) {
        if (!limited[i]) {
          shares[i] = free * tokens.get(i) / counts;
          if (shares[i] > greatest) {
            shares[i] = greatest;
            limited[i] = true;
            left -= greatest;
            changed = true;
          }
        }
      }
    }
    return shares;
  }
}
