package io.adapt4j.spark.federated;

import io.adapt4j.core.internal.Temporaries;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Working folders of runs on an executor's machine, deleted when it exits. */
final class ExecutorScratch {

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorScratch.class);
  private static final Set<Path> FOLDERS = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(ExecutorScratch::deleteAll));
  }

  private ExecutorScratch() {}

  /** Returns the folder of a run, exclusive to this process. */
  static Path of(String parent, String run) {
    String chosen = parent.isEmpty() ? System.getProperty("java.io.tmpdir") : parent;
    Path folder = Path.of(chosen).resolve("adapt4j-" + run + "-" + ProcessHandle.current().pid());
    FOLDERS.add(folder);
    return folder;
  }

  private static void deleteAll() {
    for (Path folder : FOLDERS) {
      try {
        Temporaries.deleteTree(folder);
      } catch (IOException e) {
        LOG.warn("{} could not be deleted", folder, e);
      }
    }
  }
}
