import random
from collections import Counter
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi
EAST=[1.0,0.0]
def test_stress(plane):
    codes=Counter(); from tenants.models import Space
    plane.client.raise_request_exception=False
    def run(seed):
        rng=random.Random(seed)
        for i in range(60):
            op=rng.random(); r=plane.get("memories/")
            ids=plane.listed(limit=20) or [None]
            target=rng.choice(ids)
            if op<.4:
                body={"content":f"m{rng.randrange(40)}","session":"s","embedding":EAST}
                if target and rng.random()<.7: body["associations"]=[{"target":target}]
                r=plane.post("memories/",body); codes["remember",r.status_code]+=1
            elif op<.55:
                r=plane.post("memories/batch/",{"memories":[{"content":f"m{n}","session":"s","embedding":EAST} for n in rng.sample(range(40),10)]}); codes["batch",r.status_code]+=1
            elif op<.85 and target:
                r=plane.delete(f"memories/{target}/"); codes["forget",r.status_code]+=1
            elif target:
                r=plane.put(f"memories/{target}/associations/{rng.choice(ids)}/",{}); codes["associate",r.status_code]+=1
            if r.status_code>=500: print(r.content[:300])
            import time; time.sleep(.05)
    at_once(*[lambda s=s: run(s) for s in range(4)])
    print("\nCODES", dict(codes))
