package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.attention.SharingAttention;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.embedding.TokenTable;
import io.adapt4j.core.internal.nn.head.CompactHead;
import io.adapt4j.core.internal.nn.layer.BranchLayer;
import io.adapt4j.core.internal.nn.layer.InputLayer;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.layer.ParallelLayer;
import io.adapt4j.core.internal.nn.layer.PostNormLayer;
import io.adapt4j.core.internal.nn.layer.SequentialLayer;
import io.adapt4j.core.internal.nn.layer.ShortcutLayer;
import io.adapt4j.core.internal.nn.layer.StreamLayer;
import io.adapt4j.core.internal.nn.linear.AttachedAdapter;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.kernels.internal.StepArguments.Unsupported;
import io.adapt4j.kernels.internal.StepWriter.Branch;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Compiles a decoder to a {@link StepProgram}. */
final class StepCompiler {

  private final StepProgram program;
  private final StepWriter writer;
  private final StepMixers mixers;
  private final StepMlps mlps;
  private final StepInputs inputs;
  private final StepStreams streams;

  /** Buffer with the last layer's output of every token; -1 if it is not computed for all. */
  private int lastLayer = -1;

  private StepCompiler(StepWriter writer, Transformer body) {
    this.program = writer.program();
    this.writer = writer;
    this.mixers = new StepMixers(writer, body.rotary());
    this.mlps = new StepMlps(writer);
    this.inputs = new StepInputs(writer);
    this.streams = new StepStreams(writer, mixers, mlps, inputs);
  }

  /** Compiles a decoder with adapters, each applied to the tokens that select it. */
  static Optional<CpuDecoderSteps> compile(
      Decoder decoder,
      int rows,
      int maxTokens,
      CpuVariant variant,
      List<AttachedAdapter> adapters) {
    StepProgram program = new StepProgram(variant.number, Torch.threads(), maxTokens, rows);
    boolean compiled = false;
    Int8Matrix rounded = null;
    try {
      Transformer body = decoder.body();
      StepWriter writer =
          new StepWriter(
              program,
              decoder.dimensions().hiddenSize(),
              decoder.type(),
              decoder.hasRoundedActivations(),
              decoder.cachesInEightBits(),
              adapters);
      StepCompiler compiler = new StepCompiler(writer, body);
      int hidden = compiler.transformer(body);
      VocabularyHead head = decoder.head();
      if (decoder.headSlot().isRoundedInSteps()) {
        rounded = Int8Matrix.of(head.weight().value());
      }
      int logits = compiler.head(hidden, head, rounded, decoder.headSlot().compact());
      compiled = true;
      return Optional.of(
          new CpuDecoderSteps(
              program,
              decoder,
              maxTokens,
              variant.readsLongPrompts() || (writer.isPlain() && variant.multipliesMany()),
              variant.readsLongPrompts() || keeping(body.layers()) < body.layers().size(),
              rows,
              adapters.size(),
              new CpuDecoderSteps.Buffers(
                  logits, compiler.lastLayer, Math.toIntExact(writer.hiddenSize())),
              rounded));
    } catch (Unsupported e) {
      return Optional.empty();
    } finally {
      if (!compiled) {
        program.close();
        if (rounded != null) {
          rounded.close();
        }
      }
    }
  }

  private int transformer(Transformer body) {
    if (body.projection().isPresent()) {
      throw new Unsupported();
    }
    int x = embeddings(body.embeddings());
    body.inputs().ifPresent(all -> inputs.inputs(all, x));
    body.streams().ifPresent(all -> streams.begin(all, x));
    int hidden = x;
    int keeping = keeping(body.layers());
    for (int index = 0; index < body.layers().size(); index++) {
      if (index == keeping && body.streams().isPresent()) {
        streams.wanted();
      } else if (index == keeping) {
        hidden = inputs.wanted(hidden)[0];
      }
      layer(body.layers().get(index), hidden, index);
    }
    if (keeping == body.layers().size() && body.streams().isEmpty()) {
      lastLayer = hidden;
    }
    hidden = body.streams().map(streams::end).orElse(hidden);
    int wanted = program.buffer(writer.hiddenSize());
    program.gather(hidden, wanted);
    return writer.norm(body.norm(), wanted, "last");
  }

  /**
   * Returns the number of layers up to the last one that stores state of tokens for later ones.
   * Subsequent layers matter only for a token's own logits.
   */
  private static int keeping(List<Layer> layers) {
    int count = layers.size();
    while (count > 0
        && layers.get(count - 1).mixer() instanceof SharingAttention attention
        && !attention.owns()) {
      count--;
    }
    return count;
  }

  private int embeddings(Embeddings embeddings) {
    TokenTable table = embeddings.slot().table().orElseThrow(Unsupported::new);
    if (embeddings.types() != null || embeddings.projection().isPresent()) {
      throw new Unsupported();
    }
    int hidden = program.buffer(writer.hiddenSize());
    Tensor rows = table.rows().value();
    program.embed(
        hidden,
        StepArguments.address(rows),
        StepArguments.code(rows),
        (float) table.factor(),
        firstPosition(embeddings));
    writer.normInPlace(embeddings.norm(), hidden);
    return hidden;
  }

  private long firstPosition(Embeddings embeddings) {
    long address = StepArguments.address(embeddings.positions());
    long before = embeddings.unusedPositions() * writer.hiddenSize();
    return address + before * writer.type().bytes();
  }

  private void layer(Layer layer, int hidden, int index) {
    if (layer instanceof SequentialLayer sequential) {
      double scale = sequential.residualScale();
      int attended = writer.norm(sequential.beforeAttention(), hidden, "attention");
      mixers.mixer(
          sequential.mixer(),
          attended,
          new Branch(hidden, sequential.afterAttention(), scale),
          index);
      int worked = writer.norm(sequential.beforeMlp(), hidden, "mlp");
      mlps.mlp(sequential.mlp(), worked, new Branch(hidden, sequential.afterMlp(), scale));
    } else if (layer instanceof BranchLayer single) {
      Branch plain = new Branch(hidden, Norm.NONE, 1);
      int read = writer.norm(single.norm(), hidden, single.mixes() ? "attention" : "mlp");
      if (single.mixes()) {
        mixers.mixer(single.mixer(), read, plain, index);
      } else {
        mlps.mlp(single.mlp(), read, plain);
      }
    } else if (layer instanceof ShortcutLayer shortcut) {
      shortcut(shortcut, hidden, index);
    } else if (layer instanceof StreamLayer ofStreams) {
      streams.layer(ofStreams, index);
    } else if (layer instanceof InputLayer withInput) {
      layer(withInput.layer(), hidden, index);
      withInput.input().ifPresent(gate -> inputs.gate(gate, hidden, hidden));
      float factor = withInput.factor().value().toFloats()[0];
      if (factor != 1) {
        program.scale(hidden, hidden, 0, writer.hiddenSize(), factor);
      }
    } else if (layer instanceof ParallelLayer parallel) {
      Branch plain = new Branch(hidden, Norm.NONE, 1);
      int attended = writer.norm(parallel.attentionNorm(), hidden, "attention");
      int worked =
          parallel.mlpNorm() == parallel.attentionNorm()
              ? attended
              : writer.norm(parallel.mlpNorm(), hidden, "mlp");
      // The residual stream is written only after both have read it.
      if (attended == hidden || worked == hidden) {
        throw new Unsupported();
      }
      mixers.mixer(parallel.mixer(), attended, plain, index);
      mlps.mlp(parallel.mlp(), worked, plain);
    } else if (layer instanceof PostNormLayer after) {
      Branch plain = new Branch(hidden, Norm.NONE, 1);
      mixers.mixer(after.mixer(), hidden, plain, index);
      writer.normInPlace(after.attentionNorm(), hidden);
      mlps.mlp(after.mlp(), hidden, plain);
      writer.normInPlace(after.mlpNorm(), hidden);
    } else {
      throw new Unsupported();
    }
  }

  /** Emits one of two layers; the output of the first is in a separate buffer. */
  private void shortcut(ShortcutLayer layer, int hidden, int index) {
    SequentialLayer own = layer.layer();
    Branch plain = new Branch(hidden, Norm.NONE, 1);
    int passed = writer.shared("shortcut", writer.hiddenSize());
    mixers.mixer(
        own.mixer(), writer.norm(own.beforeAttention(), hidden, "attention"), plain, index);
    int worked = writer.norm(own.beforeMlp(), hidden, "mlp");
    if (layer.branch() != null) {
      mlps.apart(layer.branch(), worked, passed);
    }
    mlps.mlp(own.mlp(), worked, plain);
    if (layer.branch() == null) {
      program.add(passed, hidden, 1, -1);
    }
  }

  private int head(
      int hidden,
      VocabularyHead head,
      @Nullable Int8Matrix rounded,
      Optional<CompactHead> compact) {
    Tensor weight = head.weight().value();
    int logits = program.buffer(weight.size(0));
    double cap = head.softCap();
    float scale = (float) (cap == 0 ? head.scale() : head.scale() / cap);
    StepWriter.Terms terms = writer.new Terms(hidden, logits, scale, false);
    if (rounded != null) {
      terms.add(rounded, 0, head.bias());
    } else if (compact.isEmpty() || !compact.get().describe(terms, head.bias())) {
      writer.product(hidden, logits, 0, weight, head.bias(), scale, false);
    }
    if (cap != 0) {
      program.activate(Activation.TANH.kind(), logits, logits, (float) cap, false);
    }
    program.likeliest(logits);
    return logits;
  }
}
