package io.adapt4j.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Experts of small mixtures in the 4 bits that GPT-OSS stores. */
final class RandomMixtures {

  private RandomMixtures() {}

  /** Whether a model's experts are to be in MXFP4. */
  static boolean isFourBit(ObjectNode config) {
    return config.has("quantization_config");
  }

  /** Puts random numbers in MXFP4 in the place of the weights of experts. */
  static List<TensorData> fourBit(List<TensorData> tensors, Random random) {
    List<TensorData> written = new ArrayList<>();
    for (TensorData tensor : tensors) {
      String name = tensor.name();
      if (!name.contains(".experts[") || !name.endsWith(".weight")) {
        written.add(tensor);
        continue;
      }
      long out = tensor.shape().get(1);
      long blocks = tensor.shape().get(0) / 32;
      String path = name.substring(0, name.lastIndexOf('.'));
      byte[] numbers = new byte[(int) (out * blocks * 16)];
      random.nextBytes(numbers);
      byte[] scales = new byte[(int) (out * blocks)];
      for (int i = 0; i < scales.length; i++) {
        scales[i] = (byte) (120 + random.nextInt(4));
      }
      written.add(bytes(path + ".blocks", List.of(out, blocks, 16L), numbers));
      written.add(bytes(path + ".scales", List.of(out, blocks), scales));
    }
    return written;
  }

  private static TensorData bytes(String name, List<Long> shape, byte[] values) {
    return TensorData.of(name, StoredType.U8, shape, () -> ByteBuffer.wrap(values));
  }
}
