package io.adapt4j.rag.internal.onnx;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading of ONNX files, made here byte by byte as the protobuf encoding says. */
class OnnxGraphTest {

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nodesAndWeightsAreRead(boolean packed) {
    OnnxGraph graph = OnnxGraph.parse(model(tensor(packed, 9)));
    assertThat(graph.nodes())
        .containsExactly(new OnnxNode("/query/MatMul", "MatMul", List.of("x", "onnx::MatMul_1")));
    OnnxTensor weight = graph.weights().get("onnx::MatMul_1");
    assertThat(weight.shape()).containsExactly(1L, 300L);
    assertThat(weight.dataType()).isEqualTo(OnnxTensor.FLOAT);
    assertThat(weight.floats().get(0)).isEqualTo(0f);
    assertThat(weight.floats().get(299)).isEqualTo(299f);
  }

  @Test
  void floatsInTheFieldOfTheirTypeAreReadToo() {
    OnnxTensor weight = OnnxGraph.parse(model(tensor(true, 4))).weights().get("onnx::MatMul_1");
    assertThat(weight.floats().get(7)).isEqualTo(7f);
  }

  @Test
  void aFileThatIsCutOffIsRefused() {
    ByteBuffer whole = model(tensor(true, 9));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OnnxGraph.parse(whole.slice(0, whole.remaining() - 20)))
        .withMessageContaining("Not a protobuf message")
        .withMessageContaining("more bytes");
  }

  @Test
  void aFileWithoutAGraphIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OnnxGraph.parse(ByteBuffer.wrap(new Message().number(1, 8).bytes())))
        .withMessageContaining("no graph");
  }

  @Test
  void aWeightOutsideOfTheFileIsRefusedWhenItsValuesAreAskedFor() {
    byte[] external = new Message().number(1, 3).number(2, 1).text(8, "w").bytes();
    OnnxTensor weight = OnnxGraph.parse(model(external)).weights().get("w");
    refuses(IllegalArgumentException.class, weight::floats, "tensor 'w': expected 3 fp32 elements");
  }

  private static ByteBuffer model(byte[] tensor) {
    byte[] node =
        new Message()
            .text(1, "x")
            .text(1, "onnx::MatMul_1")
            .text(2, "y")
            .text(3, "/query/MatMul")
            .text(4, "MatMul")
            .bytes();
    byte[] graph = new Message().nested(1, node).text(2, "name").nested(5, tensor).bytes();
    return ByteBuffer.wrap(
        new Message()
            .number(1, 8)
            .fixed(90, FIXED64, Long.BYTES)
            .fixed(91, FIXED32, Integer.BYTES)
            .nested(7, graph)
            .text(2, "producer")
            .bytes());
  }

  private static byte[] tensor(boolean packedDimensions, int valueField) {
    ByteBuffer values = ByteBuffer.allocate(300 * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 300; i++) {
      values.putFloat(i);
    }
    Message message = new Message();
    if (packedDimensions) {
      message.nested(1, new Message().varint(1).varint(300).bytes());
    } else {
      message.number(1, 1).number(1, 300);
    }
    return message
        .number(2, OnnxTensor.FLOAT)
        .text(8, "onnx::MatMul_1")
        .nested(valueField, values.array())
        .bytes();
  }

  /** Writes protobuf fields. */
  private static final class Message {

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Message varint(long value) {
      long rest = value;
      while (rest > 0x7f) {
        out.write((int) ((rest & 0x7f) | 0x80));
        rest >>>= 7;
      }
      out.write((int) rest);
      return this;
    }

    Message number(int field, long value) {
      return varint(((long) field << 3) | VARINT).varint(value);
    }

    Message nested(int field, byte[] content) {
      varint(((long) field << 3) | BYTES).varint(content.length);
      out.writeBytes(content);
      return this;
    }

    Message text(int field, String text) {
      return nested(field, text.getBytes(StandardCharsets.UTF_8));
    }

    Message fixed(int field, int wireType, int size) {
      varint(((long) field << 3) | wireType);
      out.writeBytes(new byte[size]);
      return this;
    }

    byte[] bytes() {
      return out.toByteArray();
    }
  }
}
