package io.adapt4j.spark.internal.collective;

import java.io.IOException;
import java.nio.ByteBuffer;
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

  /** Runs the connecting side, which states its rank, and returns the key of the session. */
  byte[] connect(Wire wire, int own, int other) throws IOException {
    byte[] theirs = wire.read(NONCE_BYTES);
    byte[] ours = nonce();
    ByteBuffer said = ByteBuffer.allocate(Integer.BYTES + NONCE_BYTES + HASH_BYTES);
    said.putInt(own).put(ours).put(hash("connect", own, other, theirs, ours));
    wire.write(said.flip());
    require(wire.read(HASH_BYTES), hash("accept", own, other, theirs, ours));
    return hash("session", own, other, theirs, ours);
  }

  /** Runs the accepting side. */
  Accepted accept(Wire wire, int own) throws IOException {
    byte[] ours = nonce();
    wire.write(ByteBuffer.wrap(ours));
    int other = ByteBuffer.wrap(wire.read(Integer.BYTES)).getInt();
    byte[] theirs = wire.read(NONCE_BYTES);
    require(wire.read(HASH_BYTES), hash("connect", other, own, ours, theirs));
    wire.write(ByteBuffer.wrap(hash("accept", other, own, ours, theirs)));
    return new Accepted(other, hash("session", other, own, ours, theirs));
  }

  private static void require(byte[] proof, byte[] expected) throws IOException {
    if (!MessageDigest.isEqual(proof, expected)) {
      throw new IOException("it does not know the token of this run");
    }
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
