package io.adapt4j.spark.internal.collective;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Mutual authentication by the token of the run, without sending it: each side answers the other's
 * nonce with a keyed hash of both.
 */
final class Handshake {

  private static final int NONCE_BYTES = 16;
  private static final int HASH_BYTES = 32;
  private static final String ALGORITHM = "HmacSHA256";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] token;

  Handshake(byte[] token) {
    this.token = token.clone();
  }

  /** The peer of an accepted connection. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Accepted(int rank, byte[] session) {}

  /** Runs the connecting side, which states its rank. */
  byte[] connect(SocketChannel channel, int own, int other, Patience.Wait wait, String what)
      throws IOException {
    byte[] theirs = Sockets.read(channel, NONCE_BYTES, wait, what);
    byte[] ours = nonce();
    ByteBuffer said = ByteBuffer.allocate(Integer.BYTES + NONCE_BYTES + HASH_BYTES);
    said.putInt(own).put(ours).put(hash("connect", own, other, theirs, ours));
    Sockets.write(channel, said.array(), wait, what);
    byte[] answer = Sockets.read(channel, HASH_BYTES, wait, what);
    if (!MessageDigest.isEqual(answer, hash("accept", own, other, theirs, ours))) {
      throw new IOException("it does not know the token of this run");
    }
    return hash("session", own, other, theirs, ours);
  }

  /** Runs the accepting side. */
  Accepted accept(SocketChannel channel, int own, Patience.Wait wait, String what)
      throws IOException {
    byte[] ours = nonce();
    Sockets.write(channel, ours, wait, what);
    ByteBuffer said =
        ByteBuffer.wrap(
            Sockets.read(channel, Integer.BYTES + NONCE_BYTES + HASH_BYTES, wait, what));
    int other = said.getInt();
    byte[] theirs = new byte[NONCE_BYTES];
    byte[] proof = new byte[HASH_BYTES];
    said.get(theirs).get(proof);
    if (!MessageDigest.isEqual(proof, hash("connect", other, own, ours, theirs))) {
      throw new IOException("it does not know the token of this run");
    }
    Sockets.write(channel, hash("accept", other, own, ours, theirs), wait, what);
    return new Accepted(other, hash("session", other, own, ours, theirs));
  }

  private static byte[] nonce() {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    return nonce;
  }

  private byte[] hash(String side, int from, int to, byte[] first, byte[] second) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(token, ALGORITHM));
      mac.update(side.getBytes(StandardCharsets.US_ASCII));
      mac.update(ByteBuffer.allocate(2 * Integer.BYTES).putInt(from).putInt(to).array());
      mac.update(first);
      return mac.doFinal(second);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("This JVM has no " + ALGORITHM, e);
    }
  }
}
