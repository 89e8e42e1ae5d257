package io.adapt4j.core.internal.task;

import io.adapt4j.core.internal.provenance.FileHash;
import io.adapt4j.core.internal.provenance.SystemInfo;
import io.adapt4j.core.internal.recipe.FineTuneSettings;
import io.adapt4j.core.internal.tensor.host.Processor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Identity of a worker: everything that affects its numbers, including every byte of its files and
 * the machine.
 */
final class WorkerIdentity {

  private WorkerIdentity() {}

  static Map<String, String> of(FineTuneSettings settings, Map<String, String> run) {
    Map<String, String> identity = new TreeMap<>(run);
    SystemInfo system = SystemInfo.here();
    identity.put("version of Adapt4J", system.library());
    identity.put("version of libtorch", system.engine());
    identity.put("architecture", System.getProperty("os.arch"));
    identity.put("processor features", String.join(" ", Processor.features()));
    identity.put("threads", String.valueOf(system.threads()));
    identity.put("gradient clipping", String.valueOf(settings.training().step().maxGradientNorm()));
    files("model", settings.model().folder(), identity);
    settings.method().start().ifPresent(folder -> files("start", folder, identity));
    return identity;
  }

  private static void files(String name, Path folder, Map<String, String> identity) {
    List<Path> files = FileHash.modelFiles(folder);
    files.forEach(file -> identity.put(name + ", " + file.getFileName(), FileHash.of(file)));
  }
}
