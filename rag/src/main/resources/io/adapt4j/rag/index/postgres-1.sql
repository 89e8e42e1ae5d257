CREATE TABLE {schema}.document (
  id text COLLATE "C" PRIMARY KEY,
  title text NOT NULL,
  content text NOT NULL,
  metadata jsonb NOT NULL,
  hash text NOT NULL,
  chunk_count integer NOT NULL,
  word_count bigint NOT NULL
);

CREATE INDEX document_size ON {schema}.document (chunk_count, word_count);

CREATE TABLE {schema}.chunk (
  document_id text COLLATE "C" NOT NULL REFERENCES {schema}.document (id) ON DELETE CASCADE,
  number integer NOT NULL,
  span_start integer NOT NULL,
  span_end integer NOT NULL,
  parent_start integer NOT NULL,
  parent_end integer NOT NULL,
  heading text NOT NULL,
  content text NOT NULL,
  metadata jsonb NOT NULL,
  words tsvector NOT NULL,
  word_count integer NOT NULL,
  embedding vector({dimension}) NOT NULL,
  PRIMARY KEY (document_id, number)
);

CREATE INDEX chunk_words ON {schema}.chunk USING gin (words);

CREATE INDEX chunk_metadata ON {schema}.chunk USING gin (metadata);

CREATE INDEX chunk_embedding ON {schema}.chunk
  USING hnsw (embedding vector_cosine_ops) WITH (m = {links}, ef_construction = {buildBeam});
