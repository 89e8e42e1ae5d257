package io.adapt4j.core.internal.tensor.op;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Engine;
import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.OperatorLibrary;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Temporaries;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.host.Processor;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * F32 matrix products by oneDNN. libtorch uses MKL for these, which avoids AVX-512 instructions on
 * AMD processors and reaches half their speed. In bfloat16 libtorch itself uses oneDNN.
 */
final class DnnLinear {

  /**
   * System property with the library for F32 products on any processor: {@code onednn} or {@code
   * mkl}.
   */
  static final String PROPERTY = "adapt4j.fp32.products";

  /**
   * Minimum number of multiplications; smaller products take less time than the selection of a
   * library.
   */
  private static final long LEAST_PRODUCTS = 1L << 22;

  private static final Logger LOG = LoggerFactory.getLogger(DnnLinear.class);

  private static final Operator LINEAR =
      OperatorLibrary.of(DnnLinear.class, "onednn.py").operator("dnn_linear");

  /** Operator for shapes, which counts a copy of the weight in oneDNN's layout. */
  private static final Operator LINEAR_SHAPE =
      Operator.core("linear").needing(Temporaries.like(1, 1));

  /** Holder that detects oneDNN on first use. */
  private static final class Found {
    private static final boolean PRESENT = isWanted() && isPresent();
  }

  private DnnLinear() {}

  /** Returns whether oneDNN is faster for a product. */
  static boolean takes(Tensor x, Tensor weight) {
    return x.type() == DType.F32
        && weight.type() == DType.F32
        && x.count() * weight.size(0) >= LEAST_PRODUCTS
        && isOnHost(x)
        && Found.PRESENT
        && x.isContiguous()
        && weight.isContiguous();
  }

  private static boolean isOnHost(Tensor x) {
    return FusedOps.onShapes(x) ? Engine.ofProcess().isOnHost() : x.engine().isOnHost();
  }

  static Tensor linear(Tensor x, Tensor weight, List<Tensor> bias) {
    Operator operator = FusedOps.onShapes(x) ? LINEAR_SHAPE : LINEAR;
    return operator.tensor(x, weight, bias).typedAs(x);
  }

  private static boolean isWanted() {
    String wanted = System.getProperty(PROPERTY, "");
    return wanted.isEmpty() ? Processor.isAmdWithAvx512() : wanted.equals("onednn");
  }

  /** Returns whether libtorch was built with oneDNN, which is not the case on some systems. */
  static boolean isPresent() {
    try (Scope scope = Scope.open(Engine.ofProcess())) {
      Tensor one = Tensor.of(new float[] {1}, 1, 1);
      return LINEAR.tensor(one, one, List.of()).item() == 1;
    } catch (EngineException e) {
      LOG.debug("no products by oneDNN: {}", e.getMessage());
      return false;
    }
  }
}
