package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.cache.KvCache;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.kernels.internal.FourBitKernels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A small run of QLoRA, wherever tensors live; also a program that prints its losses. */
final class QLoraRun implements AutoCloseable {

  static final int STEPS = 6;

  private static final int DECODED = 3;
  private static final QLora METHOD = QLora.nf4().rank(4);

  private final Path base;
  final Network network;

  private QLoraRun(Path base, Network network) {
    this.base = base;
    this.network = network;
  }

  /** Writes a base and loads it in 4 bits. */
  static QLoraRun open(Path base, DType type) {
    FourBitCase.write(base, FourBitCase.llama(64, 96, 4, 16, 2, 80), StoredType.F32);
    return new QLoraRun(base, FourBitCase.load(base, Methods.of(METHOD).weightFormat(), type));
  }

  /** Reads the 4-bit weights again, to compute with other kernels. */
  void read(FourBitKernels kernels) {
    try (Checkpoint checkpoint = Checkpoint.open(base)) {
      network.packedLinears().forEach(linear -> ((FourBitLinear) linear).read(checkpoint, kernels));
    }
  }

  /** Trains a new adapter with paged AdamW and recomputed layers; returns the losses. */
  List<Double> train() {
    try (Adaptation adaptation = Methods.of(METHOD).attach(network, base, 5)) {
      return QLoraTrainingTest.train(network, adaptation, true, STEPS);
    }
  }

  /** The logits of some tokens, read one by one with a cache. */
  List<float[]> decode() {
    Decoder decoder = (Decoder) network;
    List<float[]> found = new ArrayList<>();
    try (KvCache cache = decoder.newCache(1, DECODED)) {
      for (int i = 0; i < DECODED; i++) {
        long[] mask = new long[i + 1];
        Arrays.fill(mask, 1);
        try (Scope scope = Scope.open();
            Positions positions = decoder.positions(mask, 1, 1, cache)) {
          Tensor ids = Tensor.of(new long[] {3 + i}, 1, 1);
          Tensor hidden = decoder.hidden(Ops.inference(), ids, positions, false);
          found.add(decoder.logits(hidden).toFloats());
        }
      }
    }
    return found;
  }

  @Override
  public void close() {
    network.close();
  }

  /**
   * Prints a loss a line.
   *
   * @param args the folder to write to, and the type to compute in
   */
  public static void main(String[] args) {
    try (QLoraRun run = open(Path.of(args[0]), DType.valueOf(args[1]))) {
      run.train().forEach(loss -> System.out.println("loss: " + loss));
    }
  }
}
