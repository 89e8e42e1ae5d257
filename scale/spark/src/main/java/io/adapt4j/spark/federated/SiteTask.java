package io.adapt4j.spark.federated;

import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.internal.Disk;
import io.adapt4j.federated.SiteData;
import io.adapt4j.federated.SiteJob;
import io.adapt4j.federated.SiteResult;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.spark.SparkEnv;
import org.apache.spark.broadcast.Broadcast;

/**
 * Trains a site on an executor. Only one site trains at a time per process, since a training uses
 * all threads, and libtorch's random generator is per process.
 */
record SiteTask(Broadcast<SiteJob> job, String scratch) implements Serializable {

  private static final ReentrantLock TRAINING = new ReentrantLock();

  /** Trains on the site's own data. */
  SiteResult train() throws InterruptedException {
    SiteJob site = job.value();
    Optional<String> elsewhere = elsewhere(site);
    if (elsewhere.isPresent()) {
      return site.failed(elsewhere.get());
    }
    TRAINING.lockInterruptibly();
    try {
      return site.run(ExecutorScratch.of(scratch, site.run()));
    } finally {
      TRAINING.unlock();
    }
  }

  /** Trains on rows of a partition, which are written to a temporary file. */
  SiteResult train(Iterator<String> rows) throws InterruptedException, IOException {
    SiteJob site = job.value();
    TRAINING.lockInterruptibly();
    try {
      Path folder = ExecutorScratch.of(scratch, site.run());
      Path file = folder.resolve(site.site() + ".jsonl");
      Disk.createFolders(folder);
      try {
        Iterable<String> lines = () -> rows;
        Files.write(file, lines);
        String path = file.toString();
        SiteData data = () -> Datasets.jsonl(Path.of(path));
        return site.run(folder, data);
      } finally {
        Files.deleteIfExists(file);
      }
    } finally {
      TRAINING.unlock();
    }
  }

  /** Returns the problem if this is not the machine that has the data. */
  private static Optional<String> elsewhere(SiteJob site) {
    if (site.host().isEmpty()) {
      return Optional.empty();
    }
    String here = SparkEnv.get().blockManager().blockManagerId().host();
    return site.host().get().equals(here)
        ? Optional.empty()
        : Optional.of(
            "Spark ran this site on "
                + here
                + ", but its data is on "
                + site.host().get()
                + ". Give executors on that machine, and set spark.locality.wait higher than a"
                + " training takes, such as 1h.");
  }
}
