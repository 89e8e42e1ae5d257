package io.adapt4j.federated;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Trains all sites in this process, one after the other. */
record LocalSiteRunner(Path scratch) implements SiteRunner {

  @Override
  public List<SiteResult> run(List<SiteJob> jobs) {
    List<SiteResult> results = new ArrayList<>();
    for (SiteJob job : jobs) {
      if (Thread.currentThread().isInterrupted()) {
        throw new FederatedException(
            "Interrupted before site '" + job.site() + "'. Resume to go on with this round.");
      }
      results.add(job.run(scratch));
    }
    return results;
  }
}
