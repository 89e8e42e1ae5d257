package io.adapt4j.federated;

import java.util.List;

/** Runs the trainings of a round where their data is. */
@FunctionalInterface
public interface SiteRunner {

  /**
   * Runs jobs, in any order or at the same time.
   *
   * @param jobs one a site
   * @return one result a job, in any order; a job without one counts as failed
   */
  List<SiteResult> run(List<SiteJob> jobs);
}
