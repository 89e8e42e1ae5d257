package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.config.RotaryFrequencies;
import io.adapt4j.core.internal.nn.AttachedAdapter;
import io.adapt4j.core.internal.nn.Attention;
import io.adapt4j.core.internal.nn.CompactHead;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Embeddings;
import io.adapt4j.core.internal.nn.GatedMlp;
import io.adapt4j.core.internal.nn.Heads;
import io.adapt4j.core.internal.nn.Layer;
import io.adapt4j.core.internal.nn.LayerNorm;
import io.adapt4j.core.internal.nn.LinearSlot;
import io.adapt4j.core.internal.nn.Mixer;
import io.adapt4j.core.internal.nn.Mlp;
import io.adapt4j.core.internal.nn.Norm;
import io.adapt4j.core.internal.nn.ParallelLayer;
import io.adapt4j.core.internal.nn.PlainMlp;
import io.adapt4j.core.internal.nn.PostNormLayer;
import io.adapt4j.core.internal.nn.QueryKeyNorm;
import io.adapt4j.core.internal.nn.RmsNorm;
import io.adapt4j.core.internal.nn.SequentialLayer;
import io.adapt4j.core.internal.nn.TokenTable;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.tensor.Activation;
import io.adapt4j.core.internal.tensor.AttentionRule;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.core.internal.tensor.VocabularyHead;
import io.adapt4j.kernels.internal.StepArguments.Unsupported;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes a decoder down as a {@link StepProgram}. Entries between products stay in fp32; products
 * round their input to the type of the weight, as the operators do.
 */
final class StepCompiler {

  /** 4-bit rows are multiplied in groups of so many columns. */
  private static final int GROUP = 64;

  private final StepProgram program;
  private final List<RotaryFrequencies> rotary;
  private final long hiddenSize;
  private final DType type;

  /** Whether products with quantized weights round their input to 8 bits. */
  private final boolean roundedActivations;

  /** Those that a token can name, by their numbers. */
  private final List<AttachedAdapter> adapters;

  private final Map<String, Integer> buffers = new HashMap<>();

  /** Whether the layers have plain weights, which are multiplied with many tokens at once. */
  private boolean isPlain = true;

  private StepCompiler(
      StepProgram program,
      List<RotaryFrequencies> rotary,
      long hiddenSize,
      DType type,
      boolean roundedActivations,
      List<AttachedAdapter> adapters) {
    this.program = program;
    this.rotary = rotary;
    this.hiddenSize = hiddenSize;
    this.type = type;
    this.roundedActivations = roundedActivations;
    this.adapters = adapters;
  }

  /**
   * Compiles a decoder with adapters on it, each of which takes part for the tokens that name it.
   *
   * @return empty where it has a part without an operator
   */
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
      StepCompiler compiler =
          new StepCompiler(
              program,
              body.rotary(),
              decoder.dimensions().hiddenSize(),
              decoder.type(),
              decoder.hasRoundedActivations(),
              adapters);
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
              body.rotary(),
              decoder.type(),
              maxTokens,
              compiler.isPlain && variant.compareTo(CpuVariant.AVX512) >= 0,
              Math.toIntExact(head.weight().sizes()[0]),
              rows,
              adapters.size(),
              logits,
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
    int hidden = embeddings(body.embeddings());
    body.layers().forEach(layer -> layer(layer, hidden));
    int wanted = program.buffer(hiddenSize);
    program.gather(hidden, wanted);
    return norm(body.norm(), wanted, "last");
  }

  /** A buffer that all layers use, one after the other. */
  private int shared(String use, long width) {
    return buffers.computeIfAbsent(use + ' ' + width, name -> program.buffer(width));
  }

  private int embeddings(Embeddings embeddings) {
    TokenTable table = embeddings.slot().table().orElseThrow(Unsupported::new);
    if (embeddings.types() != null) {
      throw new Unsupported();
    }
    int hidden = program.buffer(hiddenSize);
    Tensor rows = table.rows().value();
    program.embed(
        hidden,
        StepArguments.address(rows),
        StepArguments.code(rows),
        (float) table.factor(),
        StepArguments.address(embeddings.positions()));
    normInPlace(embeddings.norm(), hidden);
    return hidden;
  }

  private void layer(Layer layer, int hidden) {
    if (layer instanceof SequentialLayer sequential) {
      double scale = sequential.residualScale();
      int attended = norm(sequential.beforeAttention(), hidden, "attention");
      attention(sequential.mixer(), attended, sequential.afterAttention(), hidden, scale);
      int worked = norm(sequential.beforeMlp(), hidden, "mlp");
      mlp(sequential.mlp(), worked, sequential.afterMlp(), hidden, scale);
    } else if (layer instanceof ParallelLayer parallel) {
      int attended = norm(parallel.attentionNorm(), hidden, "attention");
      int worked = norm(parallel.mlpNorm(), hidden, "mlp");
      // The residual stream is written only after both have read it.
      if (attended == hidden || worked == hidden) {
        throw new Unsupported();
      }
      attention(parallel.mixer(), attended, Norm.NONE, hidden, 1);
      mlp(parallel.mlp(), worked, Norm.NONE, hidden, 1);
    } else if (layer instanceof PostNormLayer after) {
      attention(after.mixer(), hidden, Norm.NONE, hidden, 1);
      normInPlace(after.attentionNorm(), hidden);
      mlp(after.mlp(), hidden, Norm.NONE, hidden, 1);
      normInPlace(after.mlpNorm(), hidden);
    } else {
      throw new Unsupported();
    }
  }

  private void attention(Mixer mixer, int x, Norm after, int residual, double scale) {
    if (!(mixer instanceof Attention attention)) {
      throw new Unsupported();
    }
    Heads heads = attention.heads();
    boolean normsRotated = attention.norm() != null && attention.norm().afterRotary();
    boolean grouped = heads.interleaved() && heads.query() != heads.keyValue();
    boolean turnsApart = attention.queryRotary() != attention.rotary();
    if (heads.pairs() || normsRotated || grouped || turnsApart) {
      throw new Unsupported();
    }
    int projected = shared("projected", heads.queryWidth() + 2 * heads.keyValueWidth());
    linear(attention.qkv(), x, projected, 1, false);
    if (attention.norm() != null) {
      queryKeyNorm(attention.norm(), projected, heads);
    }
    program.heads(
        heads.query(),
        heads.keyValue(),
        heads.dim(),
        heads.interleaved(),
        StepArguments.code(type));
    int joined = shared("joined", heads.queryWidth());
    AttentionRule rule = attention.rule();
    boolean turns = attention.rotary() != Attention.NO_ROTARY;
    program.attend(
        projected,
        joined,
        attention.rotary(),
        turns ? rotary.get(attention.rotary()).rotaryDim() / 2 : 0,
        (float) rule.scale(),
        (float) rule.softCap(),
        rule.window());
    branch(attention.output(), joined, after, residual, scale);
  }

  private void queryKeyNorm(QueryKeyNorm norm, int projected, Heads heads) {
    long dim = heads.dim();
    if (!norm.perHead()) {
      if (heads.interleaved()) {
        throw new Unsupported();
      }
      segments(norm.query(), projected, 0, heads.queryWidth(), 0, 1);
      segments(norm.key(), projected, heads.queryWidth(), heads.keyValueWidth(), 0, 1);
    } else if (heads.interleaved()) {
      segments(norm.query(), projected, 0, dim, 3 * dim, heads.query());
      segments(norm.key(), projected, dim, dim, 3 * dim, heads.keyValue());
    } else {
      segments(norm.query(), projected, 0, dim, dim, heads.query());
      segments(norm.key(), projected, heads.queryWidth(), dim, dim, heads.keyValue());
    }
  }

  private void mlp(Mlp mlp, int x, Norm after, int residual, double scale) {
    LinearSlot up;
    LinearSlot down;
    Activation activation;
    if (mlp instanceof GatedMlp gated) {
      up = gated.gateUp();
      down = gated.down();
      activation = gated.activation();
    } else if (mlp instanceof PlainMlp plain) {
      up = plain.up();
      down = plain.down();
      activation = plain.activation();
    } else {
      throw new Unsupported();
    }
    if (activation == Activation.RELU_SQUARED) {
      throw new Unsupported();
    }
    int wide = shared("wide", up.linear().outFeatures());
    linear(up, x, wide, 1, false);
    int inner = shared("inner", down.linear().inFeatures());
    program.activate(activation.kind(), wide, inner, 1, mlp instanceof GatedMlp);
    branch(down, inner, after, residual, scale);
  }

  /** What a branch adds to the residual stream, through a norm of its own where it has one. */
  private void branch(LinearSlot linear, int x, Norm after, int residual, double scale) {
    if (after instanceof Norm.None) {
      linear(linear, x, residual, (float) scale, true);
    } else {
      int y = shared("branch", hiddenSize);
      linear(linear, x, y, 1, false);
      normInPlace(after, y);
      program.add(y, residual, (float) scale);
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
    Terms terms = new Terms(hidden, logits, scale, false);
    if (rounded != null) {
      terms.add(rounded, 0, head.bias());
    } else if (compact.isEmpty() || !compact.get().describe(terms, head.bias())) {
      product(hidden, logits, 0, weight, head.bias(), scale, false);
    }
    if (cap != 0) {
      program.activate(Activation.TANH.kind(), logits, logits, (float) cap, false);
    }
    program.likeliest(logits);
    return logits;
  }

  private int norm(Norm norm, int from, String use) {
    if (norm instanceof Norm.None) {
      return from;
    }
    int to = shared(use, hiddenSize);
    segments(norm, from, to, 0, hiddenSize, 0, 1);
    return to;
  }

  private void normInPlace(Norm norm, int buffer) {
    if (!(norm instanceof Norm.None)) {
      segments(norm, buffer, 0, hiddenSize, 0, 1);
    }
  }

  private void segments(Norm norm, int buffer, long start, long width, long stride, int count) {
    segments(norm, buffer, buffer, start, width, stride, count);
  }

  private void segments(
      Norm norm, int from, int to, long start, long width, long stride, int count) {
    if (norm instanceof RmsNorm rms) {
      norm(
          from,
          to,
          start,
          width,
          stride,
          count,
          false,
          rms.weight(),
          null,
          rms.offset(),
          rms.eps());
    } else if (norm instanceof LayerNorm layer) {
      norm(
          from,
          to,
          start,
          width,
          stride,
          count,
          true,
          layer.weight(),
          layer.bias(),
          layer.offset(),
          layer.eps());
    } else if (!(norm instanceof Norm.None)) {
      throw new Unsupported();
    }
  }

  private void norm(
      int from,
      int to,
      long start,
      long width,
      long stride,
      int count,
      boolean centered,
      Parameter weight,
      @Nullable Parameter bias,
      double offset,
      double epsilon) {
    program.norm(
        from,
        to,
        start,
        width,
        stride,
        count,
        centered,
        StepArguments.address(weight),
        StepArguments.address(bias),
        StepArguments.code(weight.value()),
        (float) offset,
        (float) epsilon);
  }

  private void linear(LinearSlot slot, int from, int to, float scale, boolean added) {
    Terms terms = new Terms(from, to, scale, added);
    if (!slot.linear().describe(terms)) {
      throw new Unsupported();
    }
    if (terms.updates.isPresent()) {
      int inner = shared("low rank", terms.updates.width());
      terms.updates.write(program, from, inner, to, slot.linear(), scale);
    }
  }

  /** Writes products down as they come; the first of a layer overwrites unless all are added. */
  private final class Terms implements QuantizedTerms {
    private final int from;
    private final int to;
    private final float scale;
    private final boolean added;
    private final LowRankUpdates updates = new LowRankUpdates(adapters);

    Terms(int from, int to, float scale, boolean added) {
      this.from = from;
      this.to = to;
      this.scale = scale;
      this.added = added;
    }

    @Override
    public void dense(Parameter weight, @Nullable Parameter bias) {
      product(from, to, 0, weight.value(), bias, scale, added);
    }

    @Override
    public void lowRank(AttachedAdapter adapter, boolean on, Tensor a, Tensor b) {
      updates.add(adapter, on, a, b);
    }

    @Override
    public boolean add(FourBitMatrix matrix, long start, @Nullable Parameter bias) {
      if (!(matrix instanceof CpuMatrix cpu) || cpu.columns() % GROUP != 0) {
        return false;
      }
      DType tokens = type == DType.F32 ? DType.F32 : DType.BF16;
      isPlain = false;
      program.fourBitProduct(
          from,
          to,
          start,
          cpu.open(),
          StepArguments.code(tokens),
          roundedActivations && cpu.takesRoundedTokens(tokens),
          StepArguments.addressFrom(bias, start),
          StepArguments.codeOf(bias),
          scale,
          added);
      return true;
    }

    @Override
    public void add(Int8Matrix matrix, long start, @Nullable Parameter bias) {
      isPlain = false;
      program.int8Product(
          from,
          to,
          start,
          matrix.address(),
          matrix.rows(),
          matrix.columns(),
          StepArguments.addressFrom(bias, start),
          StepArguments.codeOf(bias),
          scale,
          added);
    }

    @Override
    public void add(BlockMatrix matrix, long start, @Nullable Parameter bias) {
      isPlain = false;
      program.blockProduct(
          from,
          to,
          start,
          matrix.type().id(),
          roundedActivations,
          matrix.address(),
          matrix.rows(),
          matrix.columns(),
          StepArguments.addressFrom(bias, start),
          StepArguments.codeOf(bias),
          scale,
          added);
    }
  }

  private void product(
      int from,
      int to,
      long toStart,
      Tensor weight,
      @Nullable Parameter bias,
      float scale,
      boolean added) {
    program.product(
        from,
        0,
        to,
        toStart,
        StepArguments.address(weight),
        StepArguments.code(weight),
        weight.size(0),
        weight.size(1),
        StepArguments.address(bias),
        StepArguments.codeOf(bias),
        scale,
        added);
  }
}
