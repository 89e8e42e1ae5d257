package io.adapt4j.federated;

import java.util.List;

/** Runs the trainings of a round at their data's location. */
@FunctionalInterface
public interface SiteRunner {

  /**
   * Runs jobs, in any order or concurrently.
   *
   * @param jobs one job per site
   * @return one result per job, in any order; a job without one counts as failed
   */
  List<SiteResult> run(List<SiteJob> jobs);
}
