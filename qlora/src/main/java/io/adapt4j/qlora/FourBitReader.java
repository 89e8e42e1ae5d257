package io.adapt4j.qlora;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.kernels.internal.FourBitCode;
import io.adapt4j.kernels.internal.NestedScales;
import io.adapt4j.kernels.internal.PlainScales;
import io.adapt4j.kernels.internal.QuantizedTensor;
import io.adapt4j.kernels.internal.Scales;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads the quantized weights of a checkpoint in bitsandbytes' layout. */
record FourBitReader(Checkpoint checkpoint) {

  private static final int CODES = 16;
  private static final int SCALE_CODES = 256;
  private static final int MAX_STATE = 1 << 16;

  /** Returns the names of the quantized weights. */
  Set<String> weights() {
    Set<String> stored = checkpoint.names();
    Set<String> weights = new TreeSet<>();
    for (String name : stored) {
      ComponentNames.weightOf(name).ifPresent(weights::add);
      if (name.endsWith(".weight") && checkpoint.entry(name).type() == StoredType.U8) {
        weights.add(name);
      }
    }
    for (String weight : weights) {
      if (!stored.contains(weight)) {
        throw missing(weight);
      }
      state(weight);
    }
    return weights;
  }

  QuantState state(String weight) {
    ComponentNames names = new ComponentNames(weight);
    String name = names.findState(checkpoint.names()).orElseThrow(() -> withoutState(names));
    TensorEntry entry = require(name, StoredType.U8, checkpoint.entry(name).elements());
    if (entry.length() > MAX_STATE) {
      throw Problems.inTensor(
          entry, "at most " + MAX_STATE + " bytes", entry.length() + " bytes", Problems.DAMAGED);
    }
    ByteBuffer bytes = checkpoint.bytes(name);
    byte[] json = new byte[bytes.remaining()];
    bytes.get(json);
    return QuantState.parse(entry, json);
  }

  /** Reads a quantized weight. Its codes are memory-mapped, its scales are read. */
  QuantizedTensor read(String weight) {
    QuantState state = state(weight);
    requireCodes(weight, state);
    return tensor(weight, state, checkpoint.bytes(weight));
  }

  QuantizedTensor read(String weight, ByteBuffer codes) {
    QuantState state = state(weight);
    requireCodes(weight, state);
    checkpoint.read(weight, 0, codes);
    return tensor(weight, state, codes.flip());
  }

  private QuantizedTensor tensor(String weight, QuantState state, ByteBuffer codes) {
    ComponentNames names = new ComponentNames(weight);
    return new QuantizedTensor(
        state.format(), floats(names.numbers(), CODES), state.shape(), codes, scales(names, state));
  }

  /**
   * Returns the dimensions of a weight's tensors by name, after checking them against its state.
   */
  Map<String, List<Long>> components(String weight) {
    QuantState state = state(weight);
    ComponentNames names = new ComponentNames(weight);
    long blocks = state.format().blocks(QuantizedTensor.elements(state.shape()));
    requireCodes(weight, state);
    List<String> others = new ArrayList<>();
    others.add(require(names.numbers(), StoredType.F32, CODES).name());
    if (state.nested().isEmpty()) {
      others.add(require(names.absmax(), StoredType.F32, blocks).name());
    } else {
      others.add(require(names.absmax(), StoredType.U8, blocks).name());
      others.add(require(names.nestedNumbers(), StoredType.F32, SCALE_CODES).name());
      long outer = scaleBlocks(blocks, state.nested().get());
      others.add(require(names.nestedAbsmax(), StoredType.F32, outer).name());
    }
    others.add(weight);
    others.add(names.state(state.type()));
    Map<String, List<Long>> components = new LinkedHashMap<>();
    others.forEach(name -> components.put(name, checkpoint.entry(name).shape()));
    return components;
  }

  private static long scaleBlocks(long blocks, QuantState.Nested nested) {
    return (blocks + nested.blockSize() - 1) / nested.blockSize();
  }

  /** Checks the codes, which may be stored as any type with the same bytes. */
  private void requireCodes(String weight, QuantState state) {
    long elements = QuantizedTensor.elements(state.shape());
    TensorEntry entry = checkpoint.entry(weight);
    long bytes = QuantizedTensor.packedBytes(elements);
    if (entry.length() != bytes) {
      throw Problems.inTensor(
          entry,
          bytes + " bytes for the " + elements + " weights of its quant_state",
          entry.length() + " bytes",
          Problems.DAMAGED);
    }
  }

  private Scales scales(ComponentNames names, QuantState state) {
    long blocks = state.format().blocks(QuantizedTensor.elements(state.shape()));
    if (state.nested().isEmpty()) {
      return new PlainScales(floats(names.absmax(), blocks));
    }
    QuantState.Nested nested = state.nested().get();
    require(names.absmax(), StoredType.U8, blocks);
    byte[] codes = new byte[Math.toIntExact(blocks)];
    checkpoint.bytes(names.absmax()).get(codes);
    return new NestedScales(
        codes,
        floats(names.nestedNumbers(), SCALE_CODES),
        floats(names.nestedAbsmax(), scaleBlocks(blocks, nested)),
        nested.blockSize(),
        nested.offset());
  }

  private float[] floats(String name, long count) {
    TensorEntry entry = require(name, StoredType.F32, count);
    float[] values = new float[Math.toIntExact(count)];
    checkpoint.bytes(name).asFloatBuffer().get(values);
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw Problems.inTensor(
            entry, "finite numbers", values[i] + " at [" + i + "]", Problems.DAMAGED);
      }
    }
    return values;
  }

  private TensorEntry require(String name, StoredType type, long count) {
    if (!checkpoint.names().contains(name)) {
      throw missing(name);
    }
    TensorEntry entry = checkpoint.entry(name);
    if (entry.type() != type || !entry.shape().equals(List.of(count))) {
      throw Problems.inTensor(
          entry,
          type + " [" + count + "], as its quant_state needs",
          entry.type() + " " + entry.shape(),
          Problems.DAMAGED);
    }
    return entry;
  }

  private CheckpointException withoutState(ComponentNames names) {
    return CheckpointException.inTensor(
        checkpoint.folder(),
        names.weight(),
        names.state(FourBitCode.NF4) + " or " + names.state(FourBitCode.FP4) + " beside it",
        "no such tensor",
        Problems.DAMAGED);
  }

  private CheckpointException missing(String name) {
    return CheckpointException.inTensor(
        checkpoint.folder(),
        name,
        "this part of a quantized weight",
        "no such tensor",
        Problems.DAMAGED);
  }
}
