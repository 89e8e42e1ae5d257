package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.Pooling;
import java.nio.file.Path;
import java.util.List;

/**
 * How a folder makes the vector of a text, for formats that say it in another way.
 *
 * @param poolings what is made of the hidden states, side by side, as Sentence Transformers calls
 *     it
 * @param includesPrompt whether the tokens of a prompt count
 * @param dense the folders of Dense layers after pooling, in their order
 * @param normalizes whether the vector has length 1
 * @param normalizesEarly whether a Dense layer comes after a vector of length 1
 */
public record VectorOutline(
    List<String> poolings,
    boolean includesPrompt,
    List<Path> dense,
    boolean normalizes,
    boolean normalizesEarly) {

  /**
   * Describes a folder; one without modules as it is read here: the mean, scaled to length 1.
   *
   * @param folder what its files say
   * @param hidden width of the hidden states
   * @return the outline
   * @throws io.adapt4j.core.exception.CheckpointException if a module's configuration does not fit
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
