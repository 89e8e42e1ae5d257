package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.gguf.format.GgufFile;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.layout.Layout;
import java.util.Collection;
import java.util.List;

/** Types in which a file's tensors are read. */
record PlainTypes(GgufFile file, boolean allBf16) {

  /** Maximum size of a tensor that is scanned for its type on opening. */
  private static final int FEW = 1 << 22;

  static PlainTypes of(GgufFile file, Collection<List<StoredTensor.Piece>> tensors) {
    return new PlainTypes(
        file,
        tensors.stream()
            .flatMap(List::stream)
            .map(StoredTensor.Piece::tensor)
            .allMatch(
                tensor ->
                    tensor.type() == TensorType.BF16
                        || tensor.type() == TensorType.MXFP4
                        || mayBeBf16(tensor)));
  }

  StoredType of(List<StoredTensor.Piece> pieces) {
    if (allBf16 && pieces.stream().allMatch(this::isBf16)) {
      return StoredType.BF16;
    }
    StoredType first = typeOf(pieces.get(0));
    return pieces.stream().allMatch(piece -> typeOf(piece) == first) ? first : StoredType.F32;
  }

  private static StoredType typeOf(StoredTensor.Piece piece) {
    if (!piece.layout().keepsValues()) {
      return StoredType.F32;
    }
    return switch (piece.tensor().type()) {
      case F16 -> StoredType.F16;
      // Its values are exact in this type.
      case BF16, MXFP4 -> StoredType.BF16;
      default -> StoredType.F32;
    };
  }

  private static boolean mayBeBf16(GgufTensor tensor) {
    return tensor.type() == TensorType.F32 && tensor.elements() <= FEW;
  }

  /**
   * Returns whether a tensor was bfloat16 in the checkpoint: converters write vectors and learned
   * positions in fp32, even if matrices stay in bfloat16.
   */
  private boolean isBf16(StoredTensor.Piece piece) {
    GgufTensor tensor = piece.tensor();
    Layout layout = piece.layout();
    if (tensor.type() != TensorType.F32) {
      return layout.keepsValues();
    }
    for (float value : Dequantized.of(file, tensor)) {
      // Rounded by its integer bits, half to even.
      int bits = Float.floatToRawIntBits(layout.values().toStored(value));
      int rounded = bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000;
      float restored = layout.values().toGguf(Float.intBitsToFloat(rounded), 0);
      if (!Float.isFinite(value) || restored != value) {
        return false;
      }
    }
    return true;
  }
}
