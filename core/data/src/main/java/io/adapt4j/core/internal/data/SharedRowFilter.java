package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Tokenizes a dataset together with other processes. Chunks of rows are assigned round-robin; each
 * process sends the others the outcomes of its rows, the lengths of their samples, and the state of
 * the digest over all samples. Texts and tokens are not sent.
 */
final class SharedRowFilter {

  private static final byte[] NOTHING = new byte[0];

  private final Dataset dataset;
  private final ExampleEncoder encoder;
  private final Peers peers;
  private final PortableSha256 digest = new PortableSha256();
  private final int stateBytes = digest.state().length;
  private final RowFilter rows;

  SharedRowFilter(Dataset dataset, ExampleEncoder encoder, RowMask mask, Peers peers) {
    this.dataset = dataset;
    this.encoder = encoder;
    this.peers = peers;
    this.rows = new RowFilter(dataset, encoder, mask, digest);
  }

  EncodableRows run() {
    try {
      for (long from = 0; from < dataset.size(); from += (long) RowFilter.CHUNK * peers.size()) {
        round(from);
      }
      return rows.finish();
    } catch (IOException e) { // In-memory streams fail only on a damaged message.
      throw new UncheckedIOException(e);
    }
  }

  /** Processes one chunk per process: all tokenize in parallel, then report in rank order. */
  private void round(long from) throws IOException {
    int own = start(from, peers.rank());
    List<EncodedRow<TrainingSample>> encoded = rows.encode(own, end(own));
    for (int rank = 0; rank < peers.size(); rank++) {
      int first = start(from, rank);
      byte[] message = rank == peers.rank() ? told(first, encoded) : NOTHING;
      byte[] heard = peers.exchange(message).get(rank);
      if (rank != peers.rank()) {
        hear(first, heard);
      }
    }
  }

  private int start(long from, int rank) {
    return (int) Math.min(dataset.size(), from + (long) rank * RowFilter.CHUNK);
  }

  private int end(int start) {
    return (int) Math.min(dataset.size(), (long) start + RowFilter.CHUNK);
  }

  private byte[] told(int first, List<EncodedRow<TrainingSample>> encoded) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (int i = 0; i < encoded.size(); i++) {
      rows.take(first + i, encoded.get(i));
      out.writeUTF(encoded.get(i).fate().name());
      out.writeInt(encoded.get(i).samples().size());
      for (TrainingSample sample : encoded.get(i).samples()) {
        out.writeInt(sample.length());
        out.writeInt(sample.targetTokens());
      }
    }
    out.writeBoolean(encoder.hasMetChat());
    out.write(digest.state());
    return bytes.toByteArray();
  }

  private void hear(int first, byte[] heard) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(heard));
    for (int row = first; row < end(first); row++) {
      rows.take(row, RowFate.valueOf(in.readUTF()));
      for (int samples = in.readInt(); samples > 0; samples--) {
        rows.takeSample(row, in.readInt(), in.readInt());
      }
    }
    if (in.readBoolean()) {
      encoder.meetChat();
    }
    digest.restore(in.readNBytes(stateBytes));
  }
}
