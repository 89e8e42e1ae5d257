package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.head.Pooling;
import java.nio.file.Path;
import java.util.List;

/** Summary of how a folder computes a text's vector, for formats that describe it differently. */
public record VectorOutline(
    List<String> poolings,
    boolean includesPrompt,
    List<Path> dense,
    boolean normalizes,
    boolean normalizesEarly) {

  /**
   * Describes a folder. One without modules gets this library's default: the mean, scaled to length
   * 1.
   */
  public static VectorOutline of(SentenceFolder folder, int hidden) {
    TextPooling pooling =
        folder
            .pooling()
            .map(path -> TextPooling.read(path, hidden))
            .orElse(TextPooling.of(Pooling.MEAN));
    List<SentenceFolder.Kind> kinds =
        folder.after().stream().map(SentenceFolder.Module::kind).toList();
    int first = kinds.indexOf(SentenceFolder.Kind.NORMALIZE);
    return new VectorOutline(
        pooling.names(),
        pooling.includePrompt(),
        folder.after().stream()
            .filter(module -> module.kind() == SentenceFolder.Kind.DENSE)
            .map(SentenceFolder.Module::folder)
            .toList(),
        !folder.hasModules() || first >= 0,
        first >= 0 && first < kinds.lastIndexOf(SentenceFolder.Kind.DENSE));
  }

  /** {@return whether there are Dense layers} */
  public boolean hasDense() {
    return !dense.isEmpty();
  }
}
