package io.adapt4j.lora.internal.peft;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.EncoderDecoder;
import io.adapt4j.core.internal.nn.Network;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The token embedding and the output head of a network, as far as adapters may change them. */
public final class VocabularyTables {

  private VocabularyTables() {}

  /** Returns the weights' names by module path, the embedding's first. */
  public static Map<String, String> of(Network network) {
    Map<String, String> tables = new LinkedHashMap<>();
    boolean encodes = network instanceof Encoder encoder && encoder.predictsTokens();
    if (network instanceof EncoderDecoder || encodes) {
      return tables;
    }
    List<String> tensors = new ArrayList<>();
    tensors.add(network.embedding().slices().get(0).name());
    if (network instanceof Decoder decoder) {
      tensors.add(decoder.headName());
    }
    for (String tensor : tensors) {
      tables.put(PeftNames.module(tensor), tensor);
    }
    return tables;
  }
}
